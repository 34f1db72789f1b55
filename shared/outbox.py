"""News waits here until the relay has told Kafka: written with the effect, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event
from shared.db import driver
from shared.ids import new_id
from shared.logs import correlation_id, trace_parent

PARTITION_ROWS = 5_000_000
BATCH_ROWS = 1_000


def outbox_table(metadata: MetaData) -> Table:
    """The table, for a service's `tables.py`. Ranges of `id` are its partitions."""
    return Table(
        "outbox",
        metadata,
        Column("program_id", Uuid, nullable=False),
        Column("id", BigInteger, Identity(always=True), nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("type", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("data", Text, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("traceparent", Text, nullable=False),
        PrimaryKeyConstraint("program_id", "id"),
        postgresql_partition_by="RANGE (id)",
    )


def outbox_batch_table(metadata: MetaData) -> Table:
    """Which rows Kafka has. One row here stands for consecutive ids that were written together.

    Rows of the outbox are wide and never change; to mark each of them would write it again, with
    its index entries. A trigger makes the batches, so that no writer can leave them out.
    """
    return Table(
        "outbox_batch",
        metadata,
        Column("program_id", Uuid, nullable=False),
        Column("first_id", BigInteger, nullable=False),
        Column("last_id", BigInteger, nullable=False),
        Column("published_at", DateTime(timezone=True)),
        PrimaryKeyConstraint("program_id", "first_id"),
        Index("outbox_batch_waiting", "first_id", postgresql_where=text("published_at IS NULL")),
        CheckConstraint("first_id <= last_id", name="ids"),
    )


# Consecutive ids less their rank are one number; a statement of many rows makes several batches.
_CONSECUTIVE = """
SELECT program_id, min(id), max(id){also} FROM (
    SELECT program_id, id{also},
           row_number() OVER (PARTITION BY program_id{also} ORDER BY id) AS rank
    FROM {source}
) AS ranked GROUP BY program_id{also}, id - rank, rank / {rows}
"""
MAKE_OUTBOX_BATCHES = (
    "CREATE FUNCTION make_outbox_batches() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO outbox_batch (program_id, first_id, last_id) "
    + _CONSECUTIVE.format(also="", source="written", rows=BATCH_ROWS)
    + "; RETURN NULL; END $$",
    "CREATE TRIGGER make_outbox_batches AFTER INSERT ON outbox REFERENCING NEW TABLE AS written "
    "FOR EACH STATEMENT EXECUTE FUNCTION make_outbox_batches()",
)
MOVE_OUTBOX_MARKS = (
    "INSERT INTO outbox_batch (program_id, first_id, last_id, published_at) "
    + _CONSECUTIVE.format(also=", published_at", source="outbox", rows=BATCH_ROWS)
)


@dataclass(frozen=True, slots=True)
class News:
    """An event about to be told, with the correlation and trace of what caused it."""

    event: Event
    occurred_at: datetime
    correlation_id: str = field(default_factory=correlation_id.get)
    traceparent: str = field(default_factory=trace_parent.get)
    event_id: UUID = field(default_factory=new_id)


class ReadyNews(NamedTuple):
    """News whose JSON is written already, as a row of the outbox.

    For lines so hot that building a model only to dump it shows; a test of whoever writes the text
    holds it against the model.
    """

    program_id: UUID
    event_id: UUID
    type: str
    topic: str
    key: str
    data: str
    occurred_at: datetime
    correlation_id: str
    traceparent: str


INSERT_OUTBOX = """
INSERT INTO outbox (program_id, event_id, type, topic, key, data, occurred_at,
                    correlation_id, traceparent)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::timestamptz[], $8::text[], $9::text[])
"""


async def tell(session: AsyncSession, news: Sequence[News | ReadyNews]) -> None:
    """Write `news` in this order. Call it last, under the lock of what the news is about."""
    if not news:
        return
    rows = [n if isinstance(n, ReadyNews) else _ready(n) for n in news]
    connection = await driver(session)
    await connection.execute(INSERT_OUTBOX, *(list(column) for column in zip(*rows, strict=True)))


def _ready(news: News) -> ReadyNews:
    event = news.event
    return ReadyNews(
        event.program_id,
        news.event_id,
        event.TYPE,
        event.TOPIC,
        event.key(),
        event.model_dump_json(),
        news.occurred_at,
        news.correlation_id,
        news.traceparent,
    )


async def keep_outbox_partitions(session: AsyncSession, now: datetime, keep: timedelta) -> int:
    """Add the next range before it is needed; drop those wholly told longer than `keep` ago.

    Returns how many partitions were added or dropped.
    """
    changed = 0
    # Writers queue behind our locks: better to try again later than to have them wait.
    await session.execute(text("SET LOCAL lock_timeout = '3s'"))
    highest = await session.scalar(
        text("SELECT pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')::regclass)")
    )
    first = (highest or 0) // PARTITION_ROWS
    present = {name for name, _ in await _partitions(session)}
    for number in (first, first + 1):
        if f"outbox_{number}" not in present:
            await _add_partition(session, number)
            changed += 1
    for name, number in await _partitions(session):
        if number < first and await _is_told_and_old(session, number, now - keep):
            # Somebody may be writing its last row just now: look again when nobody can.
            await session.execute(text(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"))
            if await _is_told_and_old(session, number, now - keep):
                await session.execute(text(f"DROP TABLE {name}"))
                await session.execute(
                    text("DELETE FROM outbox_batch WHERE last_id < :high"),
                    {"high": (number + 1) * PARTITION_ROWS},
                )
                changed += 1
    return changed


async def _partitions(session: AsyncSession) -> list[tuple[str, int]]:
    rows = await session.scalars(
        text(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = 'outbox'::regclass ORDER BY 1"
        )
    )
    return [(name, int(name.removeprefix("outbox_"))) for name in rows]


async def _add_partition(session: AsyncSession, number: int) -> None:
    low, high = number * PARTITION_ROWS, (number + 1) * PARTITION_ROWS
    # Attaching takes a weaker lock on the parent than creating in place, so writers go on.
    # (It brings the identity of `id` with it; a table that has its own cannot be attached.)
    await session.execute(
        text(f"CREATE TABLE outbox_{number} (LIKE outbox INCLUDING ALL EXCLUDING IDENTITY)")
    )
    await session.execute(
        text(
            f"ALTER TABLE outbox ATTACH PARTITION outbox_{number} "
            f"FOR VALUES FROM ({low}) TO ({high})"
        )
    )


async def _is_told_and_old(session: AsyncSession, number: int, horizon: datetime) -> bool:
    return not await session.scalar(
        text(
            "SELECT EXISTS (SELECT 1 FROM outbox_batch WHERE last_id >= :low AND first_id < :high "
            "AND (published_at IS NULL OR published_at >= :horizon))"
        ),
        {
            "low": number * PARTITION_ROWS,
            "high": (number + 1) * PARTITION_ROWS,
            "horizon": horizon,
        },
    )
