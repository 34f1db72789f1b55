"""Marks on batches of outbox rows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import transaction
from shared.outbox import News, tell
from shared.relay.marks import fetch_waiting, mark_told
from tests.support.clock import NOON
from tests.support.frame import PROGRAM, Struck

BATCHES = "SELECT first_id, last_id, published_at FROM outbox_batch ORDER BY first_id"


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


async def _strike(engine: AsyncEngine, count: int) -> None:
    async with transaction(engine) as session:
        news = [News(Struck(program_id=PROGRAM, bell="a", number=n), NOON) for n in range(count)]
        await tell(session, news)


def _ids(rows: Any) -> list[int]:
    return [row["id"] for row in rows]


async def test_whole_batches_are_taken_lowest_first(
    engine: AsyncEngine, connection: asyncpg.Connection
) -> None:
    for count in (3, 4, 5):
        await _strike(engine, count)
    batches, rows = await fetch_waiting(connection, 5)
    assert len(batches) == 2
    assert _ids(rows) == list(range(1, 8))
    await mark_told(connection, batches, set(), NOON)
    batches, rows = await fetch_waiting(connection, 5)
    assert _ids(rows) == list(range(8, 13))


async def test_a_batch_of_which_a_part_was_told_is_split(
    engine: AsyncEngine, connection: asyncpg.Connection
) -> None:
    await _strike(engine, 10)
    batches, _ = await fetch_waiting(connection, 100)
    await mark_told(connection, batches, {4, 5, 9}, NOON)
    pieces = [(1, 3, NOON), (4, 5, None), (6, 8, NOON), (9, 9, None), (10, 10, NOON)]
    assert [tuple(row) for row in await connection.fetch(BATCHES)] == pieces
    batches, rows = await fetch_waiting(connection, 100)
    assert _ids(rows) == [4, 5, 9]
    later = NOON + timedelta(seconds=1)
    await mark_told(connection, batches, set(), later)
    assert await fetch_waiting(connection, 100) == ((), ())


async def test_rows_that_are_gone_keep_nobody_waiting(
    engine: AsyncEngine, connection: asyncpg.Connection
) -> None:
    await _strike(engine, 2)
    await connection.execute("DELETE FROM outbox")
    batches, rows = await fetch_waiting(connection, 100)
    assert (len(batches), _ids(rows)) == (1, [])
    await mark_told(connection, batches, set(), NOON)
    assert await fetch_waiting(connection, 100) == ((), ())
