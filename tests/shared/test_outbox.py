"""News in the outbox: its order, and the partitions that it lies in."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import transaction
from shared.outbox import BATCH_ROWS, PARTITION_ROWS, News, keep_outbox_partitions, tell
from tests.support.clock import NOON
from tests.support.frame import OTHER_PROGRAM, PROGRAM, Struck
from tests.support.service import open_engine, read_outbox

KEEP = timedelta(days=14)


def _news(number: int) -> News:
    return News(Struck(program_id=PROGRAM, bell="a", number=number), NOON)


async def test_news_is_told_in_its_order(engine: AsyncEngine) -> None:
    async with transaction(engine) as session:
        await tell(session, [_news(n) for n in range(500)])
        await tell(session, [])
        await tell(session, [_news(500)])
    found = await read_outbox(engine, PROGRAM)
    assert [event.number for event in found] == list(range(501))  # type: ignore[attr-defined]


async def test_news_of_a_transaction_that_failed_was_never_told(engine: AsyncEngine) -> None:
    with pytest.raises(RuntimeError):
        async with transaction(engine) as session:
            await tell(session, [_news(1)])
            raise RuntimeError
    assert await read_outbox(engine, PROGRAM) == []


async def _batches(engine: AsyncEngine) -> list[tuple[UUID, int, int]]:
    async with transaction(engine) as session:
        found = await session.execute(
            text("SELECT program_id, first_id, last_id FROM outbox_batch ORDER BY first_id")
        )
        return [(row.program_id, row.first_id, row.last_id) for row in found]


async def test_rows_written_together_are_one_batch_of_bounded_length(engine: AsyncEngine) -> None:
    async with transaction(engine) as session:
        await tell(session, [_news(n) for n in range(2 * BATCH_ROWS + 5)])
    found = await _batches(engine)
    assert [first for _, first, _ in found[1:]] == [last + 1 for _, _, last in found[:-1]]
    assert (found[0][1], found[-1][2]) == (1, 2 * BATCH_ROWS + 5)
    assert all(last - first < BATCH_ROWS for _, first, last in found)


async def test_a_batch_is_of_one_programme_and_has_no_gap(engine: AsyncEngine) -> None:
    programs = [PROGRAM, PROGRAM, OTHER_PROGRAM, PROGRAM]
    async with transaction(engine) as session:
        await tell(
            session,
            [News(Struck(program_id=p, bell="a", number=n), NOON) for n, p in enumerate(programs)],
        )
    assert await _batches(engine) == [
        (PROGRAM, 1, 2),
        (OTHER_PROGRAM, 3, 3),
        (PROGRAM, 4, 4),
    ]


async def _partitions(engine: AsyncEngine) -> list[str]:
    async with transaction(engine) as session:
        rows = await session.scalars(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits "
                "WHERE inhparent = 'outbox'::regclass ORDER BY 1"
            )
        )
        return list(rows)


async def _keep(engine: AsyncEngine, after: timedelta = timedelta(0)) -> int:
    async with transaction(engine) as session:
        return await keep_outbox_partitions(session, NOON + after, KEEP)


async def _tell_from(engine: AsyncEngine, number: int) -> None:
    """Tell one event whose id is the first of that partition."""
    async with transaction(engine) as session:
        await session.execute(
            text("SELECT setval(pg_get_serial_sequence('outbox', 'id'), :id, false)"),
            {"id": max(1, number * PARTITION_ROWS)},
        )
        await tell(session, [_news(number)])


async def test_partitions_are_added_before_they_are_needed(new_database_url: str) -> None:
    async with open_engine(new_database_url) as engine:
        assert await _keep(engine) == 0
        for number in (0, 1, 2):
            await _tell_from(engine, number)
            await _keep(engine)
        assert await _partitions(engine) == [f"outbox_{number}" for number in range(4)]


async def test_a_partition_is_dropped_when_all_of_it_was_told_long_ago(
    new_database_url: str,
) -> None:
    async with open_engine(new_database_url) as engine:
        await _tell_from(engine, 0)
        await _tell_from(engine, 1)
        await _keep(engine)
        later = timedelta(days=60)
        assert await _keep(engine, later) == 0, "it holds news that nobody was told"
        async with transaction(engine) as session:
            await session.execute(
                text("UPDATE outbox_batch SET published_at = :now"), {"now": NOON}
            )
        assert await _keep(engine, timedelta(days=14)) == 0, "it was told just now"
        assert await _keep(engine, timedelta(days=14, seconds=1)) == 1
        assert await _partitions(engine) == ["outbox_1", "outbox_2"]
        assert [first for _, first, _ in await _batches(engine)] == [PARTITION_ROWS]
