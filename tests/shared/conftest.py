"""A new database of the tiny service for each test, and what most tests build from it."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.waiting import run_apart
from tests.support.clock import HandClock
from tests.support.frame import FrameSettings, Listener, create_schema
from tests.support.service import make_settings, open_engine

EMPTY = """
DROP TABLE IF EXISTS late;
TRUNCATE outbox, outbox_batch, inbox, dead_letter, scheduled_action, token_revocation, tally
RESTART IDENTITY
"""


@pytest.fixture(scope="session")
def frame_template(postgres_url: str) -> Iterator[str]:
    """The name of a database with the tiny service's schema, one per worker."""
    name = f"test_{os.environ['GALLERIA_TEST_RUN']}_frame_{secrets.token_hex(4)}"
    _admin(postgres_url, f'CREATE DATABASE "{name}"')
    url = _named(postgres_url, name)
    run_apart(lambda: create_schema(url))
    _admin(postgres_url, f'CREATE DATABASE "{name}_used" TEMPLATE "{name}"')
    yield name
    for each in (name, f"{name}_used"):
        _admin(postgres_url, f'DROP DATABASE "{each}" WITH (FORCE)')


@pytest.fixture
def database_url(postgres_url: str, frame_template: str) -> str:
    """A database with nothing in it but the schema; one per worker, emptied before each test."""
    url = _named(postgres_url, f"{frame_template}_used")
    _admin(url, EMPTY)
    return url


@pytest.fixture
def new_database_url(postgres_url: str, frame_template: str) -> Iterator[str]:
    """A database of this test alone, for tests that change the schema."""
    name = f"{frame_template}_{secrets.token_hex(4)}"
    _admin(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{frame_template}"')
    yield _named(postgres_url, name)
    _admin(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A pool on that database."""
    async with open_engine(database_url) as opened:
        yield opened


@pytest.fixture
def settings(database_url: str) -> FrameSettings:
    """Settings without a broker."""
    return make_settings(FrameSettings, database_url)


@pytest.fixture
def clock() -> HandClock:
    """Noon of a day in March."""
    return HandClock()


@pytest.fixture
def listener() -> Listener:
    """The tiny service's handlers."""
    return Listener()


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _admin(url: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    run_apart(execute)
