"""Members and tiers, early and late."""

from datetime import timedelta

from shared.contracts.campaigns import RewardRevoked
from shared.ids import new_id
from tests.campaigns.world import DAY, World, at, multiply


async def test_a_tier_that_comes_late_gives_and_takes_the_difference(world: World) -> None:
    await world.publish(multiply(tiers=["gold"]))
    member = await world.enrol()
    morning = world.sale(10000, member.member_id, at(10))
    evening = world.sale(20000, member.member_id, at(18))
    await world.tell(morning, evening)
    assert await world.net_points(member.member_id) == 0
    start = at(0, day=DAY - timedelta(days=1))
    await world.tell(world.tiers(member.member_id, 1, (start, "basic"), (at(12), "gold")))
    assert await world.net_points(member.member_id) == 200
    await world.tell(world.tiers(member.member_id, 2, (start, "gold"), (at(12), "basic")))
    assert await world.net_points(member.member_id) == 100
    assert {r.reason for r in await world.told(RewardRevoked)} == {"tier_changed"}


async def test_an_older_timeline_changes_nothing(world: World) -> None:
    await world.publish(multiply(tiers=["gold"]))
    member = await world.enrol()
    await world.tell(world.sale(10000, member.member_id, at(10)))
    await world.tell(world.tiers(member.member_id, 5, (at(9), "gold")))
    told = len(await world.told())
    await world.tell(world.tiers(member.member_id, 4, (at(9), "basic")))
    assert len(await world.told()) == told


async def test_an_enrolment_may_come_after_receipts_and_tiers(world: World) -> None:
    await world.publish(multiply(tiers=["gold"]))
    member = world.member("gold", new_id())
    await world.tell(world.sale(10000, member.member_id, at(10)))
    assert await world.net_points(member.member_id) == 0
    await world.tell(member)
    assert await world.net_points(member.member_id) == 100
    other = world.member("basic", new_id())
    await world.tell(world.tiers(other.member_id, 1, (at(9), "gold")), other)
    await world.tell(world.sale(10000, other.member_id, at(10)))
    assert await world.net_points(other.member_id) == 100
