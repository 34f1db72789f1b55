"""Tiers end by themselves."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.domain.members.members import EnrolWanted
from services.membership.queries.tiers.recompute_tiers import recompute_tiers
from services.membership.settings import MembershipSettings
from services.membership.usecases.tiers.reassess_tiers import reassess_tiers
from shared.contracts.membership import MemberTierChanged
from shared.db import transaction
from tests.membership.world import World
from tests.support.engines import MakeDatabase
from tests.support.service import make_settings, read_outbox


@pytest.fixture
def settings(make_database: MakeDatabase) -> MembershipSettings:
    """A database of the test's own: the job looks across programmes."""
    return make_settings(MembershipSettings, make_database("membership"))


@pytest.fixture
async def books(world: World) -> AsyncIterator[World]:
    """The world; its tiers must be what its purchases say when the test ends."""
    yield world
    async with transaction(world.engine) as session:
        assert await recompute_tiers(session, world.program_id) == []


async def _run(world: World) -> int:
    async with transaction(world.engine) as session:
        return await reassess_tiers(session, world.clock())


async def _moves(engine: AsyncEngine, world: World) -> list[MemberTierChanged]:
    events = await read_outbox(engine, world.program_id)
    return [event for event in events if isinstance(event, MemberTierChanged)]


async def test_a_tier_ends_at_midnight_and_is_told_once(books: World, engine: AsyncEngine) -> None:
    member = await books.enrol_one()
    await books.buy(books.sale(member.member_id, 15_000))
    books.clock.advance(days=364)
    assert await _run(books) == 0
    books.clock.advance(days=3)
    assert await _run(books) == 1
    assert await _run(books) == 0
    _, down = await _moves(engine, books)
    assert (down.direction, down.to_tier, down.version) == ("down", "bronze", 2)
    assert down.reason == "validity_ended"
    # Bought at noon UTC (20:00 in Shanghai) on 10 March: valid to the end of 10 March there.
    assert down.effective_at.isoformat() == "2027-03-10T16:00:00+00:00"


async def test_what_the_window_still_supports_is_kept_without_a_word(
    books: World, engine: AsyncEngine
) -> None:
    member = await books.enrol_one()
    await books.buy(books.sale(member.member_id, 15_000))
    books.clock.advance(days=365, hours=5)
    # An hour after the end of the validity, yet bought before it.
    await books.buy(books.sale(member.member_id, 11_000, days_ago=2 / 24))
    assert await _run(books) == 0
    assert len(await _moves(engine, books)) == 1


async def test_everybodys_tiers_end_in_steps_of_a_thousand(books: World) -> None:
    members = await books.enrol(*(EnrolWanted(f"1380013{n:04d}", "import") for n in range(1_200)))
    await books.buy(*(books.sale(m.member_id, 15_000) for m in members))
    books.clock.advance(days=400)
    assert [await _run(books), await _run(books), await _run(books)] == [1_000, 200, 0]


async def test_a_purchase_of_the_future_counts_when_its_instant_has_come(
    books: World, engine: AsyncEngine
) -> None:
    member = await books.enrol_one()
    await books.buy(books.sale(member.member_id, 15_000, days_ago=-1))
    assert await _run(books) == 0
    books.clock.now += timedelta(days=1)
    assert await _run(books) == 1
    (up,) = await _moves(engine, books)
    assert (up.direction, up.to_tier) == ("up", "silver")
