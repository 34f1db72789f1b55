"""What Kafka has: marks on batches of outbox rows, because the rows themselves never change."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import asyncpg

from shared.clock import Clock
from shared.db import connect_directly
from shared.settings import ServiceSettings

_WAITING = """
SELECT program_id, first_id, last_id FROM outbox_batch
WHERE published_at IS NULL ORDER BY first_id LIMIT $1
"""
# One range of the primary key a batch. OFFSET 0 keeps the planner from joining by programme alone.
_ROWS = """
SELECT o.id, o.program_id, o.event_id, o.type, o.topic, o.key, o.data, o.occurred_at,
       o.correlation_id, o.traceparent
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS b (program_id, first_id, last_id)
CROSS JOIN LATERAL (
    SELECT * FROM outbox
    WHERE program_id = b.program_id AND id BETWEEN b.first_id AND b.last_id OFFSET 0
) o
ORDER BY o.id
"""
_MARK = """
UPDATE outbox_batch SET published_at = $2
WHERE first_id = ANY ($1::bigint[]) AND published_at IS NULL
"""
_FORGET = "DELETE FROM outbox_batch WHERE first_id = ANY ($1::bigint[]) AND published_at IS NULL"
_SPLIT = """
INSERT INTO outbox_batch (program_id, first_id, last_id, published_at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[])
"""
_REPLAY = """
WITH unmarked AS (
    UPDATE outbox_batch SET published_at = NULL
    WHERE published_at >= $1 AND published_at <= $2 RETURNING last_id - first_id + 1 AS count
)
SELECT coalesce(sum(count), 0)::bigint FROM unmarked
"""


async def fetch_waiting(
    connection: asyncpg.Connection, rows_max: int
) -> tuple[Sequence[Any], Sequence[Any]]:
    """The oldest untold batches of together about `rows_max` rows, and those rows in id order.

    Batches are whole and disjoint, so the lowest ones have the lowest ids. A batch that commits
    late, with ids below some that were told, is found all the same: nothing is remembered here.
    """
    waiting = await connection.fetch(_WAITING, rows_max)
    batches: list[Any] = []
    count = 0
    for batch in waiting:
        if count >= rows_max:
            break
        batches.append(batch)
        count += batch["last_id"] - batch["first_id"] + 1
    if not batches:
        return (), ()
    rows = await connection.fetch(
        _ROWS,
        [batch["program_id"] for batch in batches],
        [batch["first_id"] for batch in batches],
        [batch["last_id"] for batch in batches],
    )
    return batches, rows


async def mark_told(
    connection: asyncpg.Connection, batches: Sequence[Any], untold: set[int], now: datetime
) -> None:
    """Mark the batches as told, but for the rows `untold`: a batch with some of them is split."""
    if not untold:
        await connection.execute(_MARK, [batch["first_id"] for batch in batches], now)
        return
    pieces = [piece for batch in batches for piece in _pieces(batch, untold, now)]
    async with connection.transaction():
        await connection.execute(_FORGET, [batch["first_id"] for batch in batches])
        await connection.execute(_SPLIT, *map(list, zip(*pieces, strict=True)))


def _pieces(
    batch: Any, untold: set[int], now: datetime
) -> Iterator[tuple[Any, int, int, datetime | None]]:
    """Stretches of the batch that are told or are not, as rows of `outbox_batch`."""
    ids = range(batch["first_id"], batch["last_id"] + 1)
    for waits, stretch in groupby(ids, key=untold.__contains__):
        first, *rest = stretch
        last = rest[-1] if rest else first
        yield batch["program_id"], first, last, None if waits else now


async def replay_outbox(settings: ServiceSettings, since: datetime, clock: Clock) -> int:
    """Mark what was told since `since` as untold, so that the relay sends it again in id order.

    Consumers that have worked an event drop it by their inbox. What is told after this began is
    left alone. Returns how many rows will go.
    """
    connection = await connect_directly(settings.database_url, "replay")
    try:
        return int(await connection.fetchval(_REPLAY, since, clock(), timeout=600))
    finally:
        await connection.close()
