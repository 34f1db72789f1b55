"""Connections and transactions. A use case runs in a transaction that it did not open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn, Protocol, cast
from urllib.parse import urlsplit

import asyncpg
import sqlalchemy.exc
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from shared.errors import Unavailable
from shared.logs import get_log

log = get_log()
# What PostgreSQL says when the request was fine and the moment was not: lost connections, dead-
# locks, no room, locks not free, shutdowns; a server that is not (or no longer) the primary; a
# transaction that was idle or ran for too long.
_PASSING_SQLSTATES = ("08", "40", "53", "55P03", "55006", "57", "25006", "25P03", "25P04")
# A dead peer is noticed after 10 + 3 x 5 seconds, not after the hours that are the default.
_KEEPALIVE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


class DatabaseUnavailable(Unavailable):
    """The database did not answer, or could not keep what it was told. Try again."""


class CommitRefused(DatabaseUnavailable):
    """The database refused to commit: nothing is stored. A deferred constraint says so, for one."""


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


def create_engine(
    database_url: str,
    pool_size: int,
    name: str = "galleria",
    *,
    pool_timeout_seconds: float = 10,
    connect_timeout_seconds: float = 10,
) -> AsyncEngine:
    """A pool of `pool_size` connections, never more; who waits longer for one is refused.

    The time to connect also counts what the process does meanwhile: a full pool is opened by as
    many requests at once, and a starved processor is not an unreachable server.
    """
    engine = create_async_engine(
        sqlalchemy_url(database_url),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout_seconds,
        pool_pre_ping=False,
        hide_parameters=True,  # Errors are logged, and parameters may be personal.
        connect_args={
            "timeout": connect_timeout_seconds,
            "command_timeout": 60,
            "server_settings": {
                "application_name": name,
                "jit": "off",
                "timezone": "UTC",
                "idle_in_transaction_session_timeout": "60s",
                **_KEEPALIVE,
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(adapted: Any, *_: Any) -> None:
    """Have the pool replace a connection that the server closed: known without asking it."""
    if adapted.driver_connection.is_closed():
        raise sqlalchemy.exc.DisconnectionError


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One transaction: committed when the block ends, rolled back when it raises.

    Raises `DatabaseUnavailable` when the database cannot be reached or asks to try again,
    `CommitRefused` when it would not commit, and `CommitUnknown` when the connection broke while
    committing.
    """
    body_is_done = False
    try:
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session
            body_is_done = True
    except Exception as error:
        _raise_translated(error, committing=body_is_done)


def _raise_translated(error: Exception, *, committing: bool) -> NoReturn:
    translated = _translated(error, committing=committing)
    if translated is error:
        raise error
    # Callers hear that the moment was bad; why it was is for those who run the service.
    log.warning("database_refused", said=type(translated).__name__, error=repr(_innermost(error)))
    raise translated from error


def _translated(error: Exception, *, committing: bool) -> Exception:
    if committing and _connection_was_lost(error):
        return CommitUnknown("The answer to COMMIT was lost. Send the same request again.")
    if committing and _said_by_postgres(error) is not None:
        return CommitRefused("The database could not keep this. Send the same request again.")
    if is_passing(error):
        return DatabaseUnavailable("The database is not available right now. Try again.")
    return error


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed later: lost connections, deadlocks, full pools."""
    said = _said_by_postgres(error)
    if said is not None:
        return said.startswith(_PASSING_SQLSTATES)
    if isinstance(error, sqlalchemy.exc.DBAPIError) and error.connection_invalidated:
        return True
    cause = _innermost(error)
    if isinstance(cause, asyncpg.InterfaceError):
        # The others of this class are a wrong number of arguments, or one that does not fit.
        return "closed" in str(cause) or "released" in str(cause)
    if isinstance(cause, asyncpg.InternalClientError):
        # The server has said that it ends the connection, and the end itself is still on its way.
        return "another operation" in str(cause)
    return isinstance(cause, OSError | TimeoutError | sqlalchemy.exc.TimeoutError)


def _said_by_postgres(error: BaseException) -> str | None:
    """The SQLSTATE that the server sent, however many layers wrapped it."""
    state = getattr(_innermost(error), "sqlstate", None)
    return None if state is None else str(state)


def _innermost(error: BaseException) -> BaseException:
    """asyncpg's error inside of SQLAlchemy's two layers, or the error itself."""
    if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig is not None:
        error = error.orig
    translated = isinstance(error, AsyncAdapt_asyncpg_dbapi.Error)
    return error.__cause__ if translated and error.__cause__ is not None else error


def _connection_was_lost(error: BaseException) -> bool:
    state = _said_by_postgres(error)
    return is_passing(error) if state is None else state.startswith(("08", "57"))


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
        server_settings={"application_name": name, "jit": "off", "timezone": "UTC", **_KEEPALIVE},
    )


class Collision(Unavailable):
    """Somebody else wrote the same thing meanwhile; in a new transaction it will be seen."""


class Statements:
    """Raw connections on which each statement is a transaction of its own: one round trip each.

    A balance read through a session costs BEGIN, SELECT and COMMIT; through here only the SELECT.
    """

    def __init__(self, pool: asyncpg.Pool, wait_seconds: float) -> None:
        self._pool = pool
        self._wait_seconds = wait_seconds

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """The first row or None, of a statement that only reads. Raises `DatabaseUnavailable`."""
        try:
            async with self._pool.acquire(timeout=self._wait_seconds) as connection:
                return await connection.fetchrow(query, *args)
        except Exception as error:
            _raise_translated(error, committing=False)

    async def write(self, query: str, *args: Any) -> None:
        """Run a statement that writes, and commit it: all of it is stored, or nothing.

        Raises `DatabaseUnavailable` when nothing was stored, and `CommitUnknown` when the
        connection broke before the answer was here.
        """
        try:
            connection = await self._pool.acquire(timeout=self._wait_seconds)
        except Exception as error:
            _raise_translated(error, committing=False)
        try:
            await connection.execute(query, *args)
        except Exception as error:
            if _connection_was_lost(error):
                raise CommitUnknown(
                    "The answer to a write was lost. Send the same request again."
                ) from error
            _raise_translated(error, committing=False)
        finally:
            await self._pool.release(connection)


async def _keep_as_is(_: object) -> None:
    """A connection without transactions or session state leaves nothing to reset."""


@asynccontextmanager
async def open_statements(
    database_url: str,
    size: int,
    *,
    name: str = "galleria",
    read_only: bool = False,
    wait_seconds: float = 10,
) -> AsyncIterator[Statements]:
    """A pool that connects on first use and is closed at the end; who waits longer is refused."""
    pool = asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=size,
        timeout=wait_seconds,
        command_timeout=30,
        reset=_keep_as_is,
        server_settings={
            "application_name": name,
            "jit": "off",
            "timezone": "UTC",
            "default_transaction_read_only": "on" if read_only else "off",
            **_KEEPALIVE,
        },
    )
    async with pool:
        yield Statements(pool, wait_seconds)
