"""How many a pool may have, and how the invited hear of it."""

from shared.contracts.points_changes import PoolInvited
from tests.points.mall import Mall
from tests.points.members import act_in_pool, join_pool, opened_pool


async def test_a_pool_has_so_many_members_and_no_more(mall: Mall) -> None:
    owner = await mall.enrol()
    pool_id = await opened_pool(mall, owner)
    for _ in range(7):
        await join_pool(mall, pool_id, owner, await mall.enrol())
    ninth = await mall.enrol()
    refused = await act_in_pool(mall, pool_id, "invitations", owner, member_id=str(ninth))
    assert (refused.status_code, refused.json()["code"]) == (409, "pool_full")


async def test_the_invited_are_told_once_and_find_their_invitation(mall: Mall) -> None:
    owner, asked, other = await mall.enrol(), await mall.enrol(), await mall.enrol()
    pool_id = await opened_pool(mall, owner)
    for cap in (50, 70):
        body = {"member_id": str(asked), "month_points_max": cap}
        await act_in_pool(mall, pool_id, "invitations", owner, **body)
    [told] = await mall.told(PoolInvited)
    assert (str(told.pool_id), told.owner_id, told.member_id) == (pool_id, owner, asked)
    path = f"/v1/members/{asked}/pools"
    [found] = (await mall.get(path, asked)).json()
    assert (found["pool_id"], found["status"], found["month_points_max"]) == (
        pool_id,
        "invited",
        70,
    )
    assert (await mall.get(path)).json() == [found]
    assert (await mall.get(path, other)).status_code == 404
    assert (await mall.get(f"/v1/members/{other}/pools", other)).json() == []
    [own] = (await mall.get(f"/v1/members/{owner}/pools", owner)).json()
    assert (own["pool_id"], own["status"]) == (pool_id, "joined")


async def test_who_left_is_told_again_when_they_are_invited_again(mall: Mall) -> None:
    owner, asked = await mall.enrol(), await mall.enrol()
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, asked)
    await act_in_pool(mall, pool_id, "departures", asked, member_id=str(asked))
    path = f"/v1/members/{asked}/pools"
    assert (await mall.get(path, asked)).json() == []
    await act_in_pool(mall, pool_id, "invitations", owner, member_id=str(asked))
    assert len(await mall.told(PoolInvited)) == 2
    assert [row["status"] for row in (await mall.get(path, asked)).json()] == ["invited"]
