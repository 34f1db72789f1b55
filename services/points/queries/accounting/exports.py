"""Reading how far an export is."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.accounting.exports import CHUNK
from shared.db import Statements, driver


async def find_export(
    session: AsyncSession, program_id: UUID, export_id: UUID
) -> dict[str, Any] | None:
    """The export, or None. `rows` are lines without the header."""
    row = await (await driver(session)).fetchrow(
        "SELECT export_id, kind, status, member_id, from_at, until_at, made_by, made_at, "
        "snapshot_at, postings_total, postings_seen, rows, bytes, chunks, sha256, ready_at "
        "FROM export WHERE program_id = $1 AND export_id = $2",
        program_id,
        export_id,
    )
    return None if row is None else dict(row)


async def read_chunk(
    reads: Statements, program_id: UUID, export_id: UUID, number: int
) -> str | None:
    """A piece of the file, counted from 1; None where it was dropped meanwhile."""
    row = await reads.fetchrow(CHUNK, program_id, export_id, number)
    return None if row is None else str(row["content"])
