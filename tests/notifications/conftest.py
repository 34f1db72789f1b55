"""A notifications service to be tried: database, session, clock, client, and what it hears."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.notifications.__main__ import SERVICE
from services.notifications.settings import NotificationsSettings
from services.notifications.tables import metadata
from shared.db import transaction
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay
from tests.support.clock import HandClock
from tests.support.engines import MakeDatabase
from tests.support.service import make_runtime, make_settings, open_client, open_engine


@pytest.fixture
def clock() -> HandClock:
    """Stands at noon until it is moved."""
    return HandClock()


@pytest.fixture
def program_id() -> UUID:
    """A programme that no other test has."""
    return new_id()


@pytest.fixture
async def session(worker_database: MakeDatabase) -> AsyncIterator[AsyncSession]:
    """A session whose work is rolled back at the end."""
    url = worker_database("notifications")
    async with open_engine(url, 1) as engine, AsyncSession(engine) as session:
        yield session
        await session.rollback()


@pytest.fixture
def settings(worker_database: MakeDatabase, tmp_path: Path) -> NotificationsSettings:
    """Settings of a service with a folder for the file channel."""
    url = worker_database("notifications")
    return make_settings(NotificationsSettings, url, file_folder=tmp_path / "messages")


@pytest.fixture
async def engine(settings: NotificationsSettings) -> AsyncIterator[AsyncEngine]:
    """Connections that really commit, several of them for races; the tables are empty.

    The jobs look across programmes, so a programme of one's own is not enough: the
    worker's database is emptied first.
    """
    async with open_engine(settings.database_url) as engine:
        async with transaction(engine) as session:
            await session.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
        yield engine


@pytest.fixture
def hearsay(engine: AsyncEngine, clock: HandClock, program_id: UUID) -> Hearsay:
    """What other services say to this programme, worked by the handlers in real transactions."""
    return Hearsay(engine, clock, program_id)


@pytest.fixture
async def client(
    settings: NotificationsSettings, engine: AsyncEngine, clock: HandClock
) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP on the service's app."""
    runtime = make_runtime("notifications", settings, engine, clock, SERVICE.handlers)
    async with open_client(SERVICE.build_app(runtime, ())) as client:
        yield client
