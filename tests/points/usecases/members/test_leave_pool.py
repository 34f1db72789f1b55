"""Who leaves a pool takes their own unspent points along."""

from tests.points.mall import Mall
from tests.points.members import (
    LOTS,
    act_in_pool,
    earned,
    join_pool,
    opened_pool,
    put_in_pool,
    spend_from_pool,
)


async def test_who_leaves_takes_their_own_unspent_points_as_they_were(mall: Mall) -> None:
    member_id = await earned(mall, 10_000, 20_000)
    owner = await mall.enrol()
    await mall.adjust(owner, 100, "a")
    before = await mall.rows(LOTS, m=member_id)
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, member_id)
    await put_in_pool(mall, pool_id, member_id, 300)
    assert await put_in_pool(mall, pool_id, owner, 100) == 400
    # The owner spends what ends first: forty of the member's points.
    assert (await spend_from_pool(mall, pool_id, owner, 40)).status_code == 201
    left = await act_in_pool(mall, pool_id, "departures", member_id, member_id=str(member_id))
    assert left.status_code == 200, left.text
    assert left.json()["balance"] == 100
    [first, second] = await mall.rows(LOTS, m=member_id)
    assert (first[0], first[1:], second) == (60, before[0][1:], before[1])
    assert (await spend_from_pool(mall, pool_id, member_id, 1)).status_code == 404
    stays = await act_in_pool(mall, pool_id, "departures", owner, member_id=str(owner))
    assert (stays.status_code, stays.json()["code"]) == (409, "pool_owner_stays")


async def test_the_owner_sends_a_member_away_with_their_points(mall: Mall) -> None:
    owner, member_id = await mall.enrol(), await mall.enrol()
    await mall.adjust(member_id, 50, "a")
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, member_id)
    await put_in_pool(mall, pool_id, member_id, 50)
    wrong = await act_in_pool(mall, pool_id, "departures", member_id, member_id=str(owner))
    assert (wrong.status_code, wrong.json()["code"]) == (403, "pool_owner_only")
    assert (
        await act_in_pool(mall, pool_id, "departures", owner, member_id=str(member_id))
    ).status_code == 200
    assert await mall.balance(member_id) == 50
    # They can be invited again.
    await join_pool(mall, pool_id, owner, member_id)
