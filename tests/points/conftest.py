"""Points under test: its database, its app, and a mall with a shop, a till and a member."""

from collections.abc import AsyncIterator, Callable
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.points.queries.invariants import check_invariants
from services.points.settings import PointsSettings
from shared.db import transaction
from tests.points.mall import Mall, open_mall
from tests.support.clock import HandClock
from tests.support.service import make_settings, open_engine


@pytest.fixture
def clock() -> HandClock:
    """Noon UTC of a day in March 2026, until moved."""
    return HandClock()


@pytest.fixture
async def engine(make_database: Callable[[str], str]) -> AsyncIterator[AsyncEngine]:
    """An engine on a fresh database; the books must be right when the test ends."""
    async with open_engine(make_database("points")) as opened:
        yield opened
        async with transaction(opened) as session:
            broken = await check_invariants(session)
        assert not any(broken.values()), broken


@pytest.fixture
async def mall(engine: AsyncEngine, clock: HandClock) -> AsyncIterator[Mall]:
    """A mall in Shanghai with one shop, one till and one open account, behind its HTTP door."""
    settings = make_settings(PointsSettings, str(engine.url.render_as_string(False)))
    async with open_mall(engine, settings, clock) as opened:
        yield opened
