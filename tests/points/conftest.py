"""Points under test: its database, its app, and a mall with a shop, a till and a member.

Tests of one worker share a database: each opens a programme of its own, as malls do.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.points.queries.invariants import check_invariants
from services.points.settings import PointsSettings
from shared.db import transaction
from tests.points.mall import Mall, open_door, open_mall
from tests.support.clock import HandClock
from tests.support.service import make_settings, open_engine


@pytest.fixture
def clock() -> HandClock:
    """Noon UTC of a day in March 2026, until moved."""
    return HandClock()


@pytest.fixture
def settings(worker_database: Callable[[str], str]) -> PointsSettings:
    """Settings with the worker's database."""
    return make_settings(PointsSettings, worker_database("points"))


@pytest.fixture
async def engine(settings: PointsSettings) -> AsyncIterator[AsyncEngine]:
    """An engine on the worker's database; the books must be right when the test ends."""
    async with open_engine(settings.database_url) as opened:
        yield opened
        async with transaction(opened) as session:
            broken = await check_invariants(session)
        assert not any(broken.values()), {name: n for name, n in broken.items() if n}


@pytest.fixture
async def mall(
    engine: AsyncEngine, settings: PointsSettings, clock: HandClock
) -> AsyncIterator[Mall]:
    """A mall in Shanghai with one shop and one till, behind its HTTP door."""
    async with open_mall(engine, settings, clock) as opened:
        yield opened


@pytest.fixture
async def twin(mall: Mall, settings: PointsSettings) -> AsyncIterator[Mall]:
    """The same mall behind the door of a second process: own app, committer and connections."""
    async with (
        open_engine(settings.database_url) as engine,
        open_door(engine, settings, mall.clock) as client,
    ):
        yield replace(mall, engine=engine, client=client)


@pytest.fixture
async def damaged_mall(
    make_database: Callable[[str], str], clock: HandClock
) -> AsyncIterator[Mall]:
    """A mall whose books nobody checks in the end, on a database of its own."""
    settings = make_settings(PointsSettings, make_database("points"))
    async with (
        open_engine(settings.database_url) as engine,
        open_mall(engine, settings, clock) as opened,
    ):
        yield opened
