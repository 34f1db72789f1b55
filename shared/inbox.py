"""Which events a consumer has worked, and those it had to put aside (dead letters)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver
from shared.ids import lowest_id_at


def inbox_table(metadata: MetaData) -> Table:
    """The claims. Months of UUIDv7 event ids are its partitions."""
    return Table(
        "inbox",
        metadata,
        Column("program_id", Uuid, nullable=False),
        Column("consumer", Text, nullable=False),
        Column("event_id", Uuid, nullable=False),
        PrimaryKeyConstraint("program_id", "consumer", "event_id"),
        postgresql_partition_by="RANGE (event_id)",
    )


def dead_letter_table(metadata: MetaData) -> Table:
    """Events put aside, with their raw bytes, until somebody replays or discards them."""
    return Table(
        "dead_letter",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("program_id", Uuid),
        Column("consumer", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("key", Text, nullable=False),
        Column("event_id", Uuid),
        Column("type", Text),
        Column("value", LargeBinary, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False),
        Column("resolved_at", DateTime(timezone=True)),
        Column("resolution", Text),
        Index("dead_letter_place", "consumer", "topic", "partition", "offset", unique=True),
        Index(
            "dead_letter_open",
            "consumer",
            "topic",
            "key",
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )


async def claim(
    session: AsyncSession, consumer: str, program_id: UUID, event_ids: Sequence[UUID]
) -> set[UUID]:
    """Claim the events for this transaction. Returns those not worked before."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        INSERT INTO inbox (program_id, consumer, event_id)
        SELECT $1, $2, event_id FROM unnest($3::uuid[]) AS event_id ORDER BY event_id
        ON CONFLICT DO NOTHING RETURNING event_id
        """,
        program_id,
        consumer,
        event_ids,
    )
    # asyncpg's own UUID type equals and hashes like the standard one.
    return {row["event_id"] for row in rows}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What is kept of an event that could not be worked. `headers` are text by name."""

    program_id: UUID | None
    topic: str
    partition: int
    offset: int
    key: str
    event_id: UUID | None
    type: str | None
    value: bytes
    headers: dict[str, str]
    reason: str
    error: str


async def park(session: AsyncSession, consumer: str, now: datetime, letter: DeadLetter) -> None:
    """Put an event aside, once for its place in the topic."""
    await session.execute(
        text(
            """
            INSERT INTO dead_letter (program_id, consumer, topic, partition, "offset", key,
                                     event_id, type, value, headers, reason, error, parked_at)
            VALUES (:program_id, :consumer, :topic, :partition, :offset, :key, :event_id, :type,
                    :value, cast(:headers AS jsonb), :reason, :error, :now)
            ON CONFLICT (consumer, topic, partition, "offset") DO NOTHING
            """
        ),
        {
            "program_id": letter.program_id,
            "consumer": consumer,
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
            "key": letter.key,
            "event_id": letter.event_id,
            "type": letter.type,
            "value": letter.value,
            "headers": json.dumps({_text(k): _text(v) for k, v in letter.headers.items()}),
            "reason": letter.reason,
            "error": _text(letter.error[:4000]),
            "now": now,
        },
    )


def _text(value: str) -> str:
    """PostgreSQL's text has no NUL."""
    return value.replace("\x00", "\\0")


async def list_blocked_keys(
    session: AsyncSession, consumer: str, topic: str, keys: Sequence[str]
) -> set[tuple[UUID | None, str]]:
    """Those of `keys` behind which an event is parked: later ones must wait beside it.

    Each comes with its programme, or None where the parked event could not be read. The letters
    are locked, so that nothing is parked behind one that is just being replayed.
    """
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT program_id, key FROM dead_letter
        WHERE consumer = $1 AND topic = $2 AND key = ANY ($3::text[]) AND resolved_at IS NULL
        ORDER BY id FOR SHARE
        """,
        consumer,
        topic,
        keys,
    )
    return {(row["program_id"], row["key"]) for row in rows}


async def keep_inbox_partitions(session: AsyncSession, now: datetime, keep: timedelta) -> int:
    """Have this month and the next two; drop months wholly older than `keep`."""
    changed = 0
    # Writers queue behind our locks: better to try again later than to have them wait.
    await session.execute(text("SET LOCAL lock_timeout = '3s'"))
    present = set(
        await session.scalars(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits "
                "WHERE inhparent = 'inbox'::regclass"
            )
        )
    )
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(3):
        following = (month + timedelta(days=32)).replace(day=1)
        name = f"inbox_{month:%Y_%m}"
        if name not in present:
            await _add_month(session, name, month, following)
            changed += 1
        month = following
    horizon = f"inbox_{now - keep:%Y_%m}"
    for name in sorted(present - {"inbox_older"}):
        if name < horizon:
            await session.execute(text(f"DROP TABLE {name}"))
            changed += 1
    return changed


async def _add_month(
    session: AsyncSession, name: str, month: datetime, following: datetime
) -> None:
    low, high = lowest_id_at(month), lowest_id_at(following)
    await session.execute(text(f"CREATE TABLE {name} (LIKE inbox INCLUDING ALL)"))
    # Claims of this month that came before its partition are in the one for all others, which
    # would refuse to let the month go. Attaching takes this lock anyway, but would take it late.
    await session.execute(text("LOCK TABLE inbox_older IN ACCESS EXCLUSIVE MODE"))
    await session.execute(
        text(
            f"WITH moved AS (DELETE FROM inbox_older WHERE event_id >= '{low}' "
            f"AND event_id < '{high}' RETURNING *) INSERT INTO {name} SELECT * FROM moved"
        )
    )
    await session.execute(
        text(f"ALTER TABLE inbox ATTACH PARTITION {name} FOR VALUES FROM ('{low}') TO ('{high}')")
    )
