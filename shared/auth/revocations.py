"""Tokens that are refused before they end: few, for they are forgotten when none can live any more.

Membership tells them; every service keeps a copy in its own database. A process reads the copy at
its start and every second, so that no request asks the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver

RevokedBy = Literal["subject", "token"]
# Programme, what is named, its name -> seconds since 1970 up to which its tokens are refused.
Revoked = Mapping[tuple[UUID, str, str], float]


@dataclass(frozen=True, slots=True)
class Revocation:
    """`by` says what `value` is: a token's `sub` or its `jti`. What was issued up to `revoked_at`
    is refused."""

    by: RevokedBy
    value: str
    revoked_at: datetime


def token_revocation_table(metadata: MetaData) -> Table:
    """The table, for a service's `tables.py`."""
    return Table(
        "token_revocation",
        metadata,
        Column("program_id", Uuid, nullable=False),
        Column("revoked_by", Text, nullable=False),
        Column("value", Text, nullable=False),
        Column("revoked_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("program_id", "revoked_by", "value"),
        CheckConstraint("revoked_by IN ('subject', 'token')", name="revoked_by"),
    )


async def keep_revocations(
    session: AsyncSession, program_id: UUID, revocations: Sequence[Revocation]
) -> None:
    """Keep them, in whatever order they come: the later instant counts, and twice is as once."""
    latest: dict[tuple[str, str], datetime] = {}
    for one in revocations:
        place = (one.by, one.value)
        latest[place] = max(latest.get(place, one.revoked_at), one.revoked_at)
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO token_revocation (program_id, revoked_by, value, revoked_at) "
        "SELECT $1, * FROM unnest($2::text[], $3::text[], $4::timestamptz[]) "
        "ON CONFLICT (program_id, revoked_by, value) DO UPDATE "
        "SET revoked_at = greatest(token_revocation.revoked_at, excluded.revoked_at)",
        program_id,
        [by for by, _ in latest],
        [value for _, value in latest],
        list(latest.values()),
    )


async def read_revoked(session: AsyncSession, since: datetime) -> Revoked:
    """What was revoked after `since`, in every programme."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT program_id, revoked_by, value, extract(epoch FROM revoked_at)::float8 AS seconds "
        "FROM token_revocation WHERE revoked_at > $1",
        since,
    )
    return {(row["program_id"], row["revoked_by"], row["value"]): row["seconds"] for row in rows}


async def forget_revocations(session: AsyncSession, before: datetime) -> int:
    """Drop those of before `before`: no token lives that long. Returns how many."""
    done = await session.execute(
        text("DELETE FROM token_revocation WHERE revoked_at <= :before RETURNING 1"),
        {"before": before},
    )
    return len(done.all())
