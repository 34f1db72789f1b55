"""Each test has a programme of its own in the worker's database, so that nothing need roll back."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.membership.api.app import build_app
from services.membership.consumer import HANDLERS
from services.membership.settings import MembershipSettings
from shared.db import create_engine
from tests.membership.world import World, make_world
from tests.support.clock import HandClock
from tests.support.engines import MakeDatabase
from tests.support.service import make_runtime, make_settings, open_client, open_engine


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def settings(worker_database: MakeDatabase) -> MembershipSettings:
    return make_settings(MembershipSettings, worker_database("membership"))


@pytest.fixture
async def engine(settings: MembershipSettings) -> AsyncIterator[AsyncEngine]:
    async with open_engine(settings.database_url) as engine:
        yield engine


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A transaction that is rolled back."""
    async with AsyncSession(engine) as session:
        await session.begin()
        yield session
        await session.rollback()


@pytest.fixture
async def world(engine: AsyncEngine, settings: MembershipSettings, clock: HandClock) -> World:
    return await make_world(engine, settings, clock)


@pytest.fixture
async def other_world(engine: AsyncEngine, settings: MembershipSettings, clock: HandClock) -> World:
    """Another programme in the same database."""
    return await make_world(engine, settings, clock)


@pytest.fixture
async def client(
    engine: AsyncEngine, settings: MembershipSettings, clock: HandClock
) -> AsyncIterator[httpx.AsyncClient]:
    """The service's app, with the tests' clock and token keys."""
    runtime = make_runtime("membership", settings, engine, clock, HANDLERS)
    async with open_client(build_app(runtime)) as client:
        yield client


@pytest.fixture
async def wide_engine(settings: MembershipSettings) -> AsyncIterator[AsyncEngine]:
    """Thirty-two connections, for races."""
    engine = create_engine(settings.database_url, 32)
    yield engine
    await engine.dispose()
