"""What moves in a household's pool is told with everybody who is in it."""

from shared.contracts.points import PoolContributed, PoolReturned, PoolSpent
from tests.points.mall import Mall
from tests.points.members import (
    act_in_pool,
    join_pool,
    opened_pool,
    put_in_pool,
    spend_from_pool,
    two_members,
)


async def test_who_puts_in_and_who_spends_is_told_once_with_the_household(mall: Mall) -> None:
    owner, child = await two_members(mall)
    await mall.adjust(child, 100, "a")
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, child)
    await put_in_pool(mall, pool_id, child, 60)
    again = await mall.post(f"/v1/pools/{pool_id}/contributions", {"points": 60}, child, "in")
    assert again.status_code == 200
    for _ in range(2):
        assert (await spend_from_pool(mall, pool_id, owner, 25)).status_code in {200, 201}
    [put_in] = await mall.told(PoolContributed)
    assert (put_in.member_id, put_in.points, put_in.pool_balance) == (child, 60, 60)
    assert (put_in.name, put_in.owner_id) == ("Wang family", owner)
    assert put_in.household == tuple(sorted([owner, child]))
    [spent] = await mall.told(PoolSpent)
    assert (spent.member_id, spent.points, spent.pool_balance) == (owner, 25, 35)
    assert (spent.shop_id, spent.mall_id, spent.reference) == (
        mall.shop_id,
        mall.mall_id,
        "Tea set",
    )
    assert spent.key() == put_in.key() == pool_id


async def test_who_leaves_is_told_with_what_is_theirs_again(mall: Mall) -> None:
    owner, child = await two_members(mall)
    aunt = await mall.enrol()
    await mall.adjust(child, 100, "a")
    await mall.adjust(owner, 10, "b")
    pool_id = await opened_pool(mall, owner)
    for member_id in (child, aunt):
        await join_pool(mall, pool_id, owner, member_id)
    await put_in_pool(mall, pool_id, child, 60)
    await put_in_pool(mall, pool_id, owner, 10)
    await act_in_pool(mall, pool_id, "departures", child, member_id=str(child))
    await act_in_pool(mall, pool_id, "departures", owner, member_id=str(aunt))
    await act_in_pool(mall, pool_id, "dissolution", owner)
    left, sent_away, dissolved = await mall.told(PoolReturned)
    assert (left.cause, left.member_id, left.points, left.pool_balance) == ("left", child, 60, 10)
    assert set(left.household) == {owner, child, aunt}
    assert (sent_away.cause, sent_away.member_id, sent_away.points) == ("sent_away", aunt, 0)
    assert (dissolved.cause, dissolved.member_id, dissolved.points) == ("dissolved", owner, 10)
    assert (dissolved.household, dissolved.pool_balance) == ((owner,), 0)


async def test_who_was_only_invited_has_nothing_to_be_told(mall: Mall) -> None:
    owner, other = await two_members(mall)
    pool_id = await opened_pool(mall, owner)
    await act_in_pool(mall, pool_id, "invitations", owner, member_id=str(other))
    await act_in_pool(mall, pool_id, "departures", other, member_id=str(other))
    assert await mall.told(PoolReturned) == []
