"""Transactions against a real PostgreSQL: what is kept, what is not, and what is said of it."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import (
    CommitRefused,
    CommitUnknown,
    DatabaseUnavailable,
    connect_directly,
    create_engine,
    driver,
    is_passing,
    open_statements,
    transaction,
)
from shared.errors import Rejected
from tests.support.frame import read_tally
from tests.support.service import open_engine

INSERT = "INSERT INTO tally VALUES ('p', 'bell', '1')"


async def test_driver_and_session_share_one_transaction(engine: AsyncEngine) -> None:
    with pytest.raises(Rejected):
        async with transaction(engine) as session:
            await (await driver(session)).execute(INSERT)
            assert await session.scalar(text("SELECT count(*) FROM tally")) == 1
            raise Rejected("no")
    assert await read_tally(engine) == []


async def test_what_only_the_driver_wrote_is_committed(engine: AsyncEngine) -> None:
    async with transaction(engine) as session:
        await (await driver(session)).execute(INSERT)
    assert await read_tally(engine) == [("bell", 1)]


async def test_a_domain_error_passes_unchanged(engine: AsyncEngine) -> None:
    error = Rejected("no")
    with pytest.raises(Rejected) as caught:
        async with transaction(engine):
            raise error
    assert caught.value is error
    assert error.__cause__ is None


async def test_a_statement_that_breaks_a_constraint_is_not_the_moments_fault(
    engine: AsyncEngine,
) -> None:
    with pytest.raises(IntegrityError) as caught:
        async with transaction(engine) as session:
            await session.execute(text(INSERT))
            await session.execute(text(INSERT))
    assert not is_passing(caught.value)


async def test_a_deferred_constraint_refuses_the_commit(engine: AsyncEngine) -> None:
    async with transaction(engine) as session:
        await session.execute(
            text("CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        )
    with pytest.raises(CommitRefused):
        async with transaction(engine) as session:
            await session.execute(text("INSERT INTO late VALUES (1), (1)"))
    async with transaction(engine) as session:
        assert await session.scalar(text("SELECT count(*) FROM late")) == 0


@pytest.mark.parametrize("through_driver", [False, True])
async def test_a_connection_killed_in_a_transaction_is_unavailable_and_replaced(
    engine: AsyncEngine, postgres_url: str, through_driver: bool
) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with transaction(engine) as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            await _kill(postgres_url, pid)
            if through_driver:
                await (await driver(session)).execute(INSERT)
            else:
                await session.execute(text(INSERT))
    assert await read_tally(engine) == []


async def test_a_connection_killed_before_commit_leaves_the_outcome_unknown(
    engine: AsyncEngine, postgres_url: str
) -> None:
    with pytest.raises(CommitUnknown):
        async with transaction(engine) as session:
            await session.execute(text(INSERT))
            await _kill(postgres_url, await session.scalar(text("SELECT pg_backend_pid()")))


@pytest.mark.parametrize("through_driver", [False, True])
async def test_connections_killed_while_idle_are_replaced_unseen(
    database_url: str, postgres_url: str, through_driver: bool
) -> None:
    async with open_engine(database_url, 1) as engine:
        async with transaction(engine) as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
        await _kill(postgres_url, pid)
        async with transaction(engine) as session:
            if through_driver:
                await (await driver(session)).execute(INSERT)
            else:
                await session.execute(text(INSERT))
        assert await read_tally(engine) == [("bell", 1)]


async def test_an_exhausted_pool_is_unavailable(database_url: str) -> None:
    engine = create_engine(database_url, 1, pool_timeout_seconds=0.05)
    try:
        async with transaction(engine) as session:
            await session.execute(text("SELECT 1"))
            with pytest.raises(DatabaseUnavailable):
                async with transaction(engine) as second:
                    await second.execute(text("SELECT 1"))
    finally:
        await engine.dispose()


async def test_a_database_that_never_answers_is_unavailable() -> None:
    gone = asyncio.Event()

    async def be_silent(_: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        await gone.wait()
        back.close()

    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as server:
        url = f"postgresql://nobody:x@127.0.0.1:{server.sockets[0].getsockname()[1]}/nothing"
        engine = create_engine(url, 1, connect_timeout_seconds=0.05)
        with pytest.raises(DatabaseUnavailable):
            async with transaction(engine) as session:
                await session.execute(text("SELECT 1"))
        async with open_statements(url, 1, wait_seconds=0.05) as statements:
            with pytest.raises(DatabaseUnavailable):
                await statements.fetchrow("SELECT 1")
            with pytest.raises(DatabaseUnavailable):
                await statements.write(INSERT)
        gone.set()


async def test_no_database_at_all_is_unavailable() -> None:
    async with open_engine("postgresql://nobody:x@127.0.0.1:1/nothing") as engine:
        with pytest.raises(DatabaseUnavailable):
            async with transaction(engine) as session:
                await session.execute(text("SELECT 1"))


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("SELECT $1::bigint", [2**63]),
        ("SELECT $1::bigint", ["text"]),
        ("SELECT $1::text", ["\ud800"]),
        ("SELECT $1::text", ["\x00"]),
        ("SELECT 1", [1]),
    ],
    ids=["too big", "of another type", "lone surrogate", "nul", "one too many"],
)
async def test_a_value_that_does_not_fit_is_not_the_moments_fault(
    engine: AsyncEngine, query: str, values: list[object]
) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:
        async with transaction(engine) as session:
            await (await driver(session)).fetchval(query, *values)
    assert not is_passing(caught.value)


async def test_errors_do_not_show_parameters(engine: AsyncEngine) -> None:
    with pytest.raises(IntegrityError) as caught:
        async with transaction(engine) as session:
            await session.execute(
                text("INSERT INTO tally VALUES (:p, 'bell', NULL)"), {"p": "13800138000"}
            )
    assert "13800138000" not in repr(caught.value)


async def test_a_deadlock_is_passing(engine: AsyncEngine) -> None:
    assert is_passing(asyncpg.DeadlockDetectedError("deadlock"))
    assert not is_passing(asyncpg.UniqueViolationError("twice"))


async def test_a_direct_connection_holds_a_session_lock(database_url: str) -> None:
    first = await connect_directly(database_url, "first")
    second = await connect_directly(database_url, "second")
    try:
        assert await first.fetchval("SELECT pg_try_advisory_lock(1)")
        assert not await second.fetchval("SELECT pg_try_advisory_lock(1)")
        await first.close()
        assert await second.fetchval("SELECT pg_advisory_lock(1) IS NOT NULL")
    finally:
        await second.close()


async def _kill(postgres_url: str, pid: int) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    finally:
        await connection.close()


async def test_a_statement_of_its_own_is_committed_by_itself(engine: AsyncEngine) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with open_statements(url, 1) as statements:
        await statements.write(INSERT)
        assert (await statements.fetchrow("SELECT count(*) FROM tally"))[0] == 1
        with pytest.raises(asyncpg.UniqueViolationError):
            await statements.write(INSERT)
    assert await read_tally(engine) == [("bell", 1)]


async def test_a_read_only_pool_refuses_to_write(engine: AsyncEngine) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with open_statements(url, 1, read_only=True) as statements:
        with pytest.raises(DatabaseUnavailable):
            await statements.write(INSERT)
    assert await read_tally(engine) == []


async def test_a_write_whose_connection_breaks_may_be_stored_and_says_so(
    engine: AsyncEngine,
) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with open_statements(url, 1) as statements:
        with pytest.raises(CommitUnknown):
            await statements.write("SELECT pg_terminate_backend(pg_backend_pid())")
        await statements.write(INSERT)


async def test_statements_to_a_database_that_is_not_there_are_refused(engine: AsyncEngine) -> None:
    async with open_statements("postgresql://nobody@127.0.0.1:1/none", 1) as statements:
        with pytest.raises(DatabaseUnavailable):
            await statements.write(INSERT)
        with pytest.raises(DatabaseUnavailable):
            await statements.fetchrow("SELECT 1")
