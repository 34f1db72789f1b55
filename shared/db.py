"""Connections and transactions. A use case runs in a transaction that it did not open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import asyncpg
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from shared.errors import Unavailable

# What PostgreSQL says when the request was fine and the moment was not.
_PASSING_SQLSTATES = ("08", "40", "53", "55", "57")


class DatabaseUnavailable(Unavailable):
    """The database did not answer, or could not keep what it was told. Try again."""


class CommitUnknown(Unavailable):
    """COMMIT was sent and its answer was lost. Try again: a repeat gets the stored result."""


class Driver(Protocol):
    """The part of asyncpg's connection that storage uses on hot paths."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...

    async def fetchrow(self, query: str, *args: Any) -> Any: ...

    async def fetchval(self, query: str, *args: Any) -> Any: ...

    async def execute(self, query: str, *args: Any) -> str: ...


def sqlalchemy_url(database_url: str) -> str:
    """The same address for SQLAlchemy's asyncpg dialect."""
    return database_url.replace("postgresql://", "postgresql+asyncpg://", 1)


def create_engine(database_url: str, pool_size: int, name: str = "galleria") -> AsyncEngine:
    """A pool of `pool_size` connections, never more; a request waits 10 s for one at most."""
    return create_async_engine(
        sqlalchemy_url(database_url),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=False,
        connect_args={
            "timeout": 5,
            "command_timeout": 60,
            "server_settings": {
                "application_name": name,
                "jit": "off",
                "timezone": "UTC",
                "idle_in_transaction_session_timeout": "60s",
            },
        },
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One transaction: committed when the block ends, rolled back when it raises.

    Raises `DatabaseUnavailable` when the database cannot be reached or asks to try again, and
    `CommitUnknown` when the connection broke while committing.
    """
    body_is_done = False
    try:
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session
            body_is_done = True
    except Exception as error:
        raise _translated(error, committing=body_is_done) from error


def _translated(error: Exception, *, committing: bool) -> Exception:
    if not is_passing(error):
        return error
    if committing and _connection_was_lost(error):
        return CommitUnknown("The answer to COMMIT was lost. Send the same request again.")
    return DatabaseUnavailable("The database is not available right now. Try again.")


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed later: lost connections, deadlocks, full pools."""
    if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig is not None:
        state = getattr(error.orig, "sqlstate", None)
        if state is not None:
            return str(state)[:2] in _PASSING_SQLSTATES
        return error.connection_invalidated or is_passing(error.orig.__cause__ or error.orig)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate)[:2] in _PASSING_SQLSTATES
    return isinstance(
        error,
        OSError | TimeoutError | asyncpg.InterfaceError | sqlalchemy.exc.TimeoutError,
    )


def _connection_was_lost(error: BaseException) -> bool:
    inner = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    state = getattr(inner, "sqlstate", None)
    return state is None or str(state).startswith(("08", "57"))


async def driver(session: AsyncSession) -> Driver:
    """asyncpg's own connection, inside the session's transaction.

    SQLAlchemy opens the transaction with the first statement that goes through it; statements
    that pass it by must see to that themselves, or they would be committed one by one.
    """
    connection = await session.connection()
    adapted = cast(Any, (await connection.get_raw_connection()).dbapi_connection)
    if adapted._transaction is None:
        await adapted._start_transaction()
    return cast(Driver, adapted.driver_connection)


async def connect_directly(database_url: str, name: str) -> asyncpg.Connection:
    """A connection outside the pool, for what lives as long as its session (advisory locks)."""
    assert urlsplit(database_url).scheme.startswith("postgres")
    return await asyncpg.connect(
        database_url,
        timeout=5,
        command_timeout=30,
        server_settings={"application_name": name, "jit": "off", "timezone": "UTC"},
    )
