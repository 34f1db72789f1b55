"""The daily picture of what is owed to members, written once a day and built again at will."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.liability import ProgrammeDay, day_of
from shared.db import driver

COLUMNS = (
    "row_number, wallet, mall_id, vintage, opening, issued, redeemed, expired, clawed_back, "
    "adjusted, transferred, imported, repaid, closing"
)
# Programmes by a walk over the key's first column: as many steps as there are programmes.
_PROGRAMS = """
WITH RECURSIVE each AS (
    (SELECT program_id FROM account ORDER BY program_id LIMIT 1)
    UNION ALL
    SELECT (SELECT a.program_id FROM account a WHERE a.program_id > each.program_id
            ORDER BY a.program_id LIMIT 1) FROM each WHERE each.program_id IS NOT NULL)
SELECT program_id FROM each WHERE program_id IS NOT NULL
"""


async def list_programs(session: AsyncSession) -> list[UUID]:
    """All programmes that have accounts."""
    return [row["program_id"] for row in await (await driver(session)).fetch(_PROGRAMS)]


async def find_program_zone(session: AsyncSession, program_id: UUID) -> str:
    """The time zone of the programme's days: as on the last day written down, else that of most
    of its shops, else UTC."""
    connection = await driver(session)
    found = await connection.fetchval(
        """
        SELECT coalesce(
            (SELECT d.time_zone FROM liability_day d WHERE d.program_id = $1
             ORDER BY d.day DESC LIMIT 1),
            (SELECT s.time_zone FROM shop s WHERE s.program_id = $1
             GROUP BY s.time_zone ORDER BY count(*) DESC, s.time_zone LIMIT 1),
            'UTC')
        """,
        program_id,
    )
    return str(found)


async def find_next_day(session: AsyncSession, program_id: UUID) -> ProgrammeDay | None:
    """The first day that was not written down yet; None when nothing was ever posted."""
    connection = await driver(session)
    last = await connection.fetchrow(
        "SELECT day, time_zone, ends_at FROM liability_day WHERE program_id = $1 "
        "ORDER BY day DESC LIMIT 1",
        program_id,
    )
    if last is not None:
        return day_of(last["ends_at"], last["time_zone"])
    first = await connection.fetchval(
        "SELECT min(recorded_at) FROM posting WHERE program_id = $1", program_id
    )
    if first is None:
        return None
    return day_of(first, await find_program_zone(session, program_id))


async def insert_day(
    session: AsyncSession, program_id: UUID, now: datetime, day: ProgrammeDay
) -> bool:
    """Write the day's rows. False when somebody else did."""
    connection = await driver(session)
    is_ours = await connection.fetchval(
        "INSERT INTO liability_day (program_id, day, time_zone, starts_at, ends_at, built_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING true",
        program_id,
        day.day,
        day.time_zone,
        day.starts_at,
        day.ends_at,
        now,
    )
    if is_ours:
        await _insert_rows(session, program_id, day, from_ledger=False)
    return bool(is_ours)


async def _insert_rows(
    session: AsyncSession, program_id: UUID, day: ProgrammeDay, *, from_ledger: bool
) -> None:
    connection = await driver(session)
    await connection.execute(
        f"INSERT INTO liability_row (program_id, day, {COLUMNS}) "
        f"SELECT $1, $2, {COLUMNS} FROM liability_rows($1, $2, $3, $4, $5, $6)",
        program_id,
        day.day,
        day.time_zone,
        day.starts_at,
        day.ends_at,
        from_ledger,
    )


async def lock_day(session: AsyncSession, program_id: UUID, day: date) -> ProgrammeDay | None:
    """The day as it was written down, locked."""
    row = await (await driver(session)).fetchrow(
        "SELECT day, time_zone, starts_at, ends_at FROM liability_day "
        "WHERE program_id = $1 AND day = $2 FOR UPDATE",
        program_id,
        day,
    )
    return None if row is None else ProgrammeDay(*row)


async def replace_rows(
    session: AsyncSession, program_id: UUID, now: datetime, day: ProgrammeDay
) -> None:
    """Write a locked day's rows anew, from every posting since the first."""
    connection = await driver(session)
    await connection.execute(
        "DELETE FROM liability_row WHERE program_id = $1 AND day = $2", program_id, day.day
    )
    await _insert_rows(session, program_id, day, from_ledger=True)
    await connection.execute(
        "UPDATE liability_day SET built_at = $3 WHERE program_id = $1 AND day = $2",
        program_id,
        day.day,
        now,
    )


async def read_rows(session: AsyncSession, program_id: UUID, day: date) -> list[tuple[Any, ...]]:
    """The day's rows as they are stored, in their order."""
    rows = await (await driver(session)).fetch(
        f"SELECT {COLUMNS} FROM liability_row WHERE program_id = $1 AND day = $2 "
        "ORDER BY row_number",
        program_id,
        day,
    )
    return [tuple(row) for row in rows]
