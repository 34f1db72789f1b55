"""A service that starts from nothing hears everything."""

import pytest

from services.membership.domain.members.members import EnrolWanted
from services.membership.settings import MembershipSettings
from services.membership.usecases.programs.announce_state import announce_state
from shared.contracts.event import Event
from shared.contracts.membership import MemberEnrolled, MemberTierChanged
from shared.db import transaction
from tests.membership.world import World
from tests.support.engines import MakeDatabase
from tests.support.service import make_settings, read_outbox


@pytest.fixture
def settings(make_database: MakeDatabase) -> MembershipSettings:
    """A database of the test's own: all programmes are announced."""
    return make_settings(MembershipSettings, make_database("membership"))


def _state(events: list[Event]) -> dict[tuple[str, str], Event]:
    """What a listener knows after these events: the last one of each thing."""
    return {
        (e.TYPE, e.key() + str(getattr(e, "till_id", ""))): e
        for e in events
        if not isinstance(e, MemberTierChanged)
    }


async def test_an_announcement_says_all_that_was_said_as_it_now_is(
    world: World, other_world: World
) -> None:
    wang, li = await world.enrol(*(EnrolWanted(f"1380013800{n}", "import") for n in range(2)))
    await other_world.enrol_one()
    await world.buy(world.sale(wang.member_id, 12_000), world.sale(wang.member_id, 12_000))
    before = await read_outbox(world.engine, world.program_id)
    there = await read_outbox(world.engine, other_world.program_id)
    async with transaction(world.engine) as session:
        count = await announce_state(session, world.clock())
    said = (await read_outbox(world.engine, world.program_id))[len(before) :]
    said_there = (await read_outbox(world.engine, other_world.program_id))[len(there) :]
    assert count == len(said) + len(said_there)
    assert _state(said) == _state(before)
    assert _state(said_there) == _state(there)
    (tier,) = [event for event in said if isinstance(event, MemberTierChanged)]
    last = [event for event in before if isinstance(event, MemberTierChanged)][-1]
    assert (tier.member_id, tier.version, tier.timeline) == (
        wang.member_id,
        last.version,
        last.timeline,
    )
    assert tier.reason == "announced"
    places = [type(e) for e in said if getattr(e, "member_id", None) == wang.member_id]
    assert places == [MemberEnrolled, MemberTierChanged]
    assert li.member_id in {e.member_id for e in said if isinstance(e, MemberEnrolled)}
