"""Reading what happened to a lot without moving points."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def list_lot_changes(
    session: AsyncSession,
    program_id: UUID,
    account_id: UUID,
    lot_version: int,
    before: UUID | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Changes of the lot, newest first, older than the change `before`."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT c.change_id, c.kind, c.reason, c.recorded_at FROM lot_change c
        WHERE c.program_id = $1 AND c.account_id = $2 AND c.lot_version = $3
          AND ($4::uuid IS NULL OR (c.recorded_at, c.change_id) < (
              SELECT x.recorded_at, x.change_id FROM lot_change x
              WHERE x.program_id = $1 AND x.change_id = $4))
        ORDER BY c.recorded_at DESC, c.change_id DESC LIMIT $5
        """,
        program_id,
        account_id,
        lot_version,
        before,
        limit,
    )
    return [dict(row) for row in rows]
