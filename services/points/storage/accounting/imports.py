"""Imports of opening balances: parts as sent, rows as read, and how far each is."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.import_refusals import FIGURES_DIFFER
from services.points.domain.receipts.receipt_books import derived_id
from shared.db import driver

_COLUMNS = (
    "program_id, import_id, status, file_format, sha256, rows_told, points_told, rows_read, "
    "part_number, part_line, rows_posted, rows_refused, made_by, why_refused"
)


@dataclass(frozen=True, slots=True)
class Import:
    """An import, locked by whoever works on it."""

    program_id: UUID
    import_id: UUID
    status: str
    file_format: str
    sha256: str | None
    rows_told: int | None
    points_told: int | None
    rows_read: int
    part_number: int
    part_line: int
    rows_posted: int
    rows_refused: int
    made_by: str
    why_refused: str | None


def source_id_of(reference: str) -> UUID:
    """The source of the posting that a row makes: one for each reference, for ever."""
    return derived_id("opening", reference)


async def insert_import(
    session: AsyncSession,
    program_id: UUID,
    import_id: UUID,
    file_format: str,
    made_by: str,
    now: datetime,
) -> None:
    """A new import, to be filled with parts."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO opening_import (program_id, import_id, status, file_format, made_by, made_at)"
        " VALUES ($1, $2, 'uploading', $3, $4, $5)",
        program_id,
        import_id,
        file_format,
        made_by,
        now,
    )


async def lock_import(session: AsyncSession, program_id: UUID, import_id: UUID) -> Import | None:
    """The import, locked."""
    row = await (await driver(session)).fetchrow(
        f"SELECT {_COLUMNS} FROM opening_import WHERE program_id = $1 AND import_id = $2 "
        "FOR UPDATE",
        program_id,
        import_id,
    )
    return None if row is None else Import(*row)


async def take_import(session: AsyncSession) -> Import | None:
    """The oldest import with work to do that nobody works on, locked."""
    row = await (await driver(session)).fetchrow(
        f"SELECT {_COLUMNS} FROM opening_import WHERE status IN ('checking', 'committing') "
        "ORDER BY made_at LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return None if row is None else Import(*row)


async def update_import(session: AsyncSession, found: Import, **values: Any) -> None:
    """Set columns of a locked import. Their names are the caller's own, never a request's."""
    connection = await driver(session)
    settings = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, 3))
    await connection.execute(
        f"UPDATE opening_import SET {settings} WHERE program_id = $1 AND import_id = $2",
        found.program_id,
        found.import_id,
        *values.values(),
    )


async def upsert_part(session: AsyncSession, found: Import, number: int, content: bytes) -> None:
    """Keep a part; the same number again replaces it."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO import_part (program_id, import_id, part_number, content) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (program_id, import_id, part_number) "
        "DO UPDATE SET content = excluded.content",
        found.program_id,
        found.import_id,
        number,
        content,
    )


async def find_part(session: AsyncSession, found: Import, number: int) -> bytes | None:
    """A part's bytes."""
    connection = await driver(session)
    content: bytes | None = await connection.fetchval(
        "SELECT content FROM import_part "
        "WHERE program_id = $1 AND import_id = $2 AND part_number = $3",
        found.program_id,
        found.import_id,
        number,
    )
    return content


async def list_part_numbers(session: AsyncSession, found: Import) -> list[int]:
    """Which parts there are, ascending."""
    rows = await (await driver(session)).fetch(
        "SELECT part_number FROM import_part WHERE program_id = $1 AND import_id = $2 "
        "ORDER BY part_number",
        found.program_id,
        found.import_id,
    )
    return [row["part_number"] for row in rows]


async def hash_parts(session: AsyncSession, found: Import) -> str:
    """SHA-256 of all parts one after the other, beside the event loop: they may be big."""
    digest = hashlib.sha256()
    for number in await list_part_numbers(session, found):
        content = await find_part(session, found, number) or b""
        await asyncio.to_thread(digest.update, content)
    return digest.hexdigest()


async def add_posted(
    session: AsyncSession, found: Import, posted: int, refused: int, points: int
) -> None:
    """How far the posting came: rows done are those two together."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE opening_import SET rows_posted = rows_posted + $3, "
        "rows_refused = rows_refused + $4, points_posted = points_posted + $5 "
        "WHERE program_id = $1 AND import_id = $2",
        found.program_id,
        found.import_id,
        posted,
        refused,
        points,
    )


async def drop_import_contents(session: AsyncSession, before: datetime) -> int:
    """Drop parts and rows of imports that ended, or were begun and left, before then.

    Returns of how many. What each import did stays, and its postings' references. Those that could
    have gone on with their parts are left too long; who works on one right now keeps them.
    """
    rows = await (await driver(session)).fetch(
        """
        WITH old AS (
            SELECT i.program_id, i.import_id FROM opening_import i
            WHERE coalesce(i.done_at, i.made_at) < $1
              AND i.status IN ('uploading', 'refused', 'checked', 'done')
              AND EXISTS (SELECT FROM import_part p WHERE (p.program_id, p.import_id)
                                                        = (i.program_id, i.import_id))
            FOR UPDATE OF i SKIP LOCKED),
        ended AS (
            UPDATE opening_import i SET status = 'refused', why_refused = 'left_too_long'
            FROM old WHERE (i.program_id, i.import_id) = (old.program_id, old.import_id)
              AND (i.status IN ('uploading', 'checked') OR i.why_refused = ANY ($2::text[]))),
        parts AS (
            DELETE FROM import_part p USING old
            WHERE (p.program_id, p.import_id) = (old.program_id, old.import_id)),
        rows AS (
            DELETE FROM import_row r USING old
            WHERE (r.program_id, r.import_id) = (old.program_id, old.import_id))
        SELECT import_id FROM old
        """,
        before,
        sorted(FIGURES_DIFFER),
    )
    return len(rows)
