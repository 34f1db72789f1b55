"""Points in a pool stay as they were, and are everybody's to spend."""

import asyncio

from tests.points.mall import Mall
from tests.points.members import LOTS, earned, join_pool, opened_pool, put_in_pool, spend_from_pool


async def test_points_in_a_pool_keep_their_expiry_and_are_spent_by_all(mall: Mall) -> None:
    owner = await earned(mall, 10_000)
    member_id = await mall.enrol()
    [before] = await mall.rows(LOTS, m=owner)
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, member_id)
    assert await put_in_pool(mall, pool_id, owner, 100) == 100
    assert await mall.rows(LOTS, m=pool_id) == [before]
    answer = await spend_from_pool(mall, pool_id, member_id, 30)
    assert (answer.status_code, answer.json()["pool_balance"]) == (201, 70)
    assert (answer.json()["points"], answer.json()["month_left"]) == (30, None)
    [(kind, points, mall_id, shop_id)] = await mall.rows(
        "SELECT kind, points, mall_id, shop_id FROM posting "
        "WHERE program_id = :p AND counter_account = 'redemption'"
    )
    assert (kind, points, mall_id, shop_id) == ("redeem", -30, mall.mall_id, mall.shop_id)
    assert (await mall.balance(owner), await mall.balance(member_id)) == (0, 0)


async def test_the_same_key_puts_in_and_spends_once(mall: Mall, twin: Mall) -> None:
    owner = await mall.enrol()
    await mall.adjust(owner, 100, "a")
    pool_id = await opened_pool(mall, owner)
    path = f"/v1/pools/{pool_id}/contributions"
    puts = await asyncio.gather(
        *(door.post(path, {"points": 60}, owner, "k") for door in [mall, twin] * 4)
    )
    assert sorted(a.status_code for a in puts) == [200] * 7 + [201]
    assert {a.json()["pool_balance"] for a in puts} == {60}
    spends = await asyncio.gather(
        *(spend_from_pool(door, pool_id, owner, 20) for door in [mall, twin] * 4)
    )
    assert sorted(a.status_code for a in spends) == [200] * 7 + [201]
    assert {a.json()["pool_balance"] for a in spends} == {40}
    other = await spend_from_pool(mall, pool_id, owner, 21)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
