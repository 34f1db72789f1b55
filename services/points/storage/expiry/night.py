"""Nights: what is due, claimed a chunk at a time, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver
from shared.ids import new_id
from shared.logs import correlation_id, trace_parent

_NIGHT = "r.program_id, r.due_at, r.night_on, r.time_zone, r.step"


@dataclass(frozen=True, slots=True)
class Night:
    """The night that begins `night_on` in `time_zone`, at `due_at`, and the step that it is at."""

    program_id: UUID
    due_at: datetime
    night_on: date
    time_zone: str
    step: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Accounts of one night's step, ascending; the row is locked."""

    night: Night
    number: int
    account_ids: Sequence[UUID]


async def list_zones(session: AsyncSession, program_id: UUID | None) -> list[tuple[UUID, str]]:
    """The time zones in which each programme has shops; of one programme, or of all."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT DISTINCT program_id, time_zone FROM shop "
        "WHERE $1::uuid IS NULL OR program_id = $1 ORDER BY program_id, time_zone",
        program_id,
    )
    return [(row["program_id"], row["time_zone"]) for row in rows]


async def insert_nights(session: AsyncSession, now: datetime, nights: Sequence[Night]) -> int:
    """Begin nights that have not begun yet. Returns how many there were."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        INSERT INTO night_run (program_id, due_at, night_on, time_zone, step, started_at)
        SELECT program_id, due_at, night_on, time_zone, step, $6
        FROM unnest($1::uuid[], $2::timestamptz[], $3::date[], $4::text[], $5::text[])
             AS n (program_id, due_at, night_on, time_zone, step)
        ORDER BY program_id, due_at
        ON CONFLICT DO NOTHING RETURNING 1
        """,
        [night.program_id for night in nights],
        [night.due_at for night in nights],
        [night.night_on for night in nights],
        [night.time_zone for night in nights],
        [night.step for night in nights],
        now,
    )
    return len(rows)


async def lock_free_chunk(session: AsyncSession, program_id: UUID | None) -> Chunk | None:
    """A chunk that nobody works on, locked."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"""
        SELECT {_NIGHT}, c.number, c.account_ids
        FROM night_chunk c JOIN night_run r USING (program_id, due_at)
        WHERE c.done_at IS NULL AND ($1::uuid IS NULL OR c.program_id = $1)
        ORDER BY c.program_id, c.due_at, c.number LIMIT 1 FOR UPDATE OF c SKIP LOCKED
        """,
        program_id,
    )
    return None if row is None else Chunk(_night(row), row["number"], row["account_ids"])


async def lock_open_night(session: AsyncSession, program_id: UUID | None) -> Night | None:
    """A night that is not done and has no chunk left to do, locked; a programme's oldest first.

    None also when somebody else is at it.
    """
    connection = await driver(session)
    row = await connection.fetchrow(
        f"""
        SELECT {_NIGHT} FROM night_run r
        WHERE r.finished_at IS NULL AND ($1::uuid IS NULL OR r.program_id = $1)
          AND NOT EXISTS (SELECT FROM night_run o WHERE o.program_id = r.program_id
                          AND o.due_at < r.due_at AND o.finished_at IS NULL)
          AND NOT EXISTS (SELECT FROM night_chunk c WHERE c.program_id = r.program_id
                          AND c.due_at = r.due_at AND c.done_at IS NULL)
        ORDER BY r.program_id, r.due_at LIMIT 1 FOR UPDATE OF r SKIP LOCKED
        """,
        program_id,
    )
    if row is None:
        return None
    # The row is fresh and what was seen of its chunks is not: look again, under the lock.
    is_busy = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM night_chunk WHERE program_id = $1 AND due_at = $2 "
        "AND done_at IS NULL)",
        row["program_id"],
        row["due_at"],
    )
    return None if is_busy else _night(row)


def _night(row: Any) -> Night:
    return Night(row["program_id"], row["due_at"], row["night_on"], row["time_zone"], row["step"])


async def add_to_night(session: AsyncSession, night: Night, column: str, count: int) -> None:
    """Count what a step did that has no chunks. The night is locked."""
    assert column in {"activated", "released"}
    connection = await driver(session)
    await connection.execute(
        f"UPDATE night_run SET {column} = {column} + $3 WHERE program_id = $1 AND due_at = $2",
        night.program_id,
        night.due_at,
        count,
    )


async def set_step(
    session: AsyncSession, night: Night, step: str, finished_at: datetime | None = None
) -> None:
    """Go on to the step: what the chunks of the one before did is counted, and they go."""
    connection = await driver(session)
    await connection.execute(
        """
        UPDATE night_run r SET step = $3, finished_at = $4,
            expired_accounts = expired_accounts
                + CASE WHEN r.step = 'expire' THEN c.accounts ELSE 0 END,
            expired_points = expired_points
                + CASE WHEN r.step = 'expire' THEN c.points ELSE 0 END,
            reminded = reminded + CASE WHEN r.step = 'remind' THEN c.accounts ELSE 0 END
        FROM (SELECT coalesce(sum(accounts), 0) AS accounts, coalesce(sum(points), 0) AS points
              FROM night_chunk WHERE program_id = $1 AND due_at = $2) c
        WHERE r.program_id = $1 AND r.due_at = $2
        """,
        night.program_id,
        night.due_at,
        step,
        finished_at,
    )
    await connection.execute(
        "DELETE FROM night_chunk WHERE program_id = $1 AND due_at = $2",
        night.program_id,
        night.due_at,
    )


_INSERT_CHUNKS = """
INSERT INTO night_chunk (program_id, due_at, number, account_ids)
SELECT $1, $2, (n - 1) / $3, array_agg(account_id ORDER BY account_id)
FROM (SELECT account_id, row_number() OVER (ORDER BY account_id) AS n
      FROM (SELECT DISTINCT l.account_id FROM lot l WHERE {condition}) chosen) numbered
GROUP BY (n - 1) / $3
"""
_ENDED = "l.program_id = $1 AND l.remaining > 0 AND l.expires_at <= $2"
_ENDING = """
l.program_id = $1 AND l.remaining > 0 AND l.expires_at > $4 AND l.expires_at <= $5
AND l.expires_at > $2 AND NOT EXISTS (
    SELECT FROM expiry_reminder e
    WHERE e.program_id = $1 AND e.account_id = l.account_id AND e.month = $6)
"""


async def insert_expiry_chunks(session: AsyncSession, night: Night, size: int) -> None:
    """Write down which accounts have lots that ended, `size` a chunk. Locks none of them."""
    connection = await driver(session)
    query = _INSERT_CHUNKS.format(condition=_ENDED)
    await connection.execute(query, night.program_id, night.due_at, size)


async def insert_reminder_chunks(
    session: AsyncSession, night: Night, size: int, month: date, since: datetime, until: datetime
) -> None:
    """Write down whom to remind of lots that end after `since` and not after `until`."""
    connection = await driver(session)
    query = _INSERT_CHUNKS.format(condition=_ENDING)
    await connection.execute(query, night.program_id, night.due_at, size, since, until, month)


async def finish_chunk(
    session: AsyncSession, chunk: Chunk, now: datetime, accounts: int, points: int
) -> None:
    """The chunk is done, and what came of it."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE night_chunk SET done_at = $4, accounts = $5, points = $6 "
        "WHERE program_id = $1 AND due_at = $2 AND number = $3",
        chunk.night.program_id,
        chunk.night.due_at,
        chunk.number,
        now,
        accounts,
        points,
    )


async def expire_lots(session: AsyncSession, now: datetime, chunk: Chunk) -> None:
    """Take what ended from the chunk's accounts, locked ascending. The chunk is done then."""
    connection, night = await driver(session), chunk.night
    await connection.execute(
        "SELECT expire_lots($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        night.program_id,
        now,
        night.due_at,
        night.night_on,
        night.time_zone,
        chunk.number,
        chunk.account_ids,
        [new_id() for _ in chunk.account_ids],
        correlation_id.get(),
        trace_parent.get(),
    )


async def activate_lots(
    session: AsyncSession, program_id: UUID, now: datetime, lots_max: int
) -> int:
    """Make pending lots active that are due at `now`; returns how many."""
    connection = await driver(session)
    return int(
        await connection.fetchval(
            "SELECT activate_lots($1, $2, $3, $4, $5, $6)",
            program_id,
            now,
            lots_max,
            [new_id() for _ in range(lots_max)],
            correlation_id.get(),
            trace_parent.get(),
        )
    )
