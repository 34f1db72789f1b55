"""Reading how far an import is and which of its rows are wrong."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def find_import(
    session: AsyncSession, program_id: UUID, import_id: UUID
) -> dict[str, Any] | None:
    """The import, or None."""
    row = await (await driver(session)).fetchrow(
        "SELECT import_id, status, file_format, made_by, made_at, sha256, rows_told, points_told, "
        "rows_read, rows_bad, points_read, why_refused, totals, committed_by, rows_posted, "
        "rows_refused, points_posted, done_at, part_number FROM opening_import "
        "WHERE program_id = $1 AND import_id = $2",
        program_id,
        import_id,
    )
    return None if row is None else dict(row)


async def list_wrong_rows(
    session: AsyncSession, program_id: UUID, import_id: UUID, after: int, limit: int
) -> list[dict[str, Any]]:
    """Rows with errors, in the order of the file."""
    rows = await (await driver(session)).fetch(
        "SELECT row_number, reference, error FROM import_row "
        "WHERE program_id = $1 AND import_id = $2 AND error IS NOT NULL AND row_number > $3 "
        "ORDER BY row_number LIMIT $4",
        program_id,
        import_id,
        after,
        limit,
    )
    return [dict(row) for row in rows]
