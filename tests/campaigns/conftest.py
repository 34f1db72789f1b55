"""Campaigns under test: its database, its app, and a programme of its own for every test."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.campaigns.api.app import build_app
from services.campaigns.settings import CampaignsSettings
from tests.campaigns.world import World
from tests.support.clock import HandClock
from tests.support.service import make_runtime, make_settings, open_client, open_engine


@pytest.fixture
def clock() -> HandClock:
    """Noon UTC of a day in March 2026, until moved."""
    return HandClock()


@pytest.fixture
async def engine(worker_database: Callable[[str], str]) -> AsyncIterator[AsyncEngine]:
    """An engine on the worker's database; every test has a programme of its own in it."""
    async with open_engine(worker_database("campaigns")) as opened:
        yield opened


@pytest.fixture
async def world(engine: AsyncEngine, clock: HandClock) -> AsyncIterator[World]:
    """A programme with a directory, behind the HTTP door; its books are right at the end."""
    settings = make_settings(CampaignsSettings, engine.url.render_as_string(False))
    app = build_app(make_runtime("campaigns", settings, engine, clock))
    async with open_client(app) as client:
        opened = World(engine, client, clock)
        await opened.open()
        yield opened
        assert not await opened.broken()
