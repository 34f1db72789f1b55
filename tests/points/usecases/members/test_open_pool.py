"""What a pool is not, and who may not leave it behind."""

from uuid import UUID

from tests.points.mall import Mall
from tests.points.members import freeze, merge, opened_pool, spend_from_pool


async def test_a_pool_takes_no_receipts(mall: Mall) -> None:
    owner = await mall.enrol()
    pool_id = await opened_pool(mall, owner)
    answer = await mall.push(mall.sale(10_000, member_id=UUID(pool_id)))
    assert answer.json()["status"] == "waiting_member"
    assert (await mall.get(f"/v1/pools/{pool_id}", owner)).json()["balance"] == 0
    assert (await mall.adjust(UUID(pool_id), 5, "k")).status_code == 404


async def test_a_member_of_a_pool_is_not_merged_away_and_a_frozen_one_puts_nothing_in(
    mall: Mall,
) -> None:
    owner, other = await mall.enrol(), await mall.enrol()
    await mall.adjust(owner, 100, "a")
    pool_id = await opened_pool(mall, owner)
    assert (await merge(mall, owner, other)).json()["code"] == "member_in_pool"
    await freeze(mall, owner)
    path = f"/v1/pools/{pool_id}/contributions"
    refused = await mall.post(path, {"points": 5}, owner, "k")
    assert (refused.status_code, refused.json()["code"]) == (403, "account_frozen")
    assert (await spend_from_pool(mall, pool_id, owner, 5)).json()["code"] == "account_frozen"
