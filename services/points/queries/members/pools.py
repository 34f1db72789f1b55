"""Reading which pools a member is in or is asked to join."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def list_pools_of(
    session: AsyncSession, program_id: UUID, member_id: UUID
) -> list[dict[str, Any]]:
    """The member's pool, if there is one, then the open invitations, the newest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT m.pool_id, p.name, p.owner_id, m.status, m.since, m.month_points_max
        FROM pool_member m JOIN pool p USING (program_id, pool_id)
        WHERE m.program_id = $1 AND m.member_id = $2 AND m.status IN ('joined', 'invited')
          AND p.status = 'open'
        ORDER BY m.status = 'invited', m.since DESC, m.pool_id LIMIT 200
        """,
        program_id,
        member_id,
    )
    return [dict(row) for row in rows]
