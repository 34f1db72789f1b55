"""What the nights of a programme did."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def list_nights(
    session: AsyncSession, program_id: UUID, before: datetime | None, limit: int
) -> list[dict[str, Any]]:
    """Nights, the latest first, that were due before `before`; chunks of a running one count."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT r.night_on, r.time_zone, r.due_at, r.step, r.started_at, r.finished_at,
               r.activated, r.released, r.reminded
                   + CASE WHEN r.step = 'remind' THEN c.accounts ELSE 0 END AS reminded,
               r.expired_accounts
                   + CASE WHEN r.step = 'expire' THEN c.accounts ELSE 0 END AS expired_accounts,
               r.expired_points
                   + CASE WHEN r.step = 'expire' THEN c.points ELSE 0 END AS expired_points,
               c.chunks AS chunks_left
        FROM night_run r
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(x.accounts), 0)::bigint AS accounts,
                   coalesce(sum(x.points), 0)::bigint AS points,
                   count(*) FILTER (WHERE x.done_at IS NULL) AS chunks
            FROM night_chunk x WHERE x.program_id = $1 AND x.due_at = r.due_at) c
        WHERE r.program_id = $1 AND ($2::timestamptz IS NULL OR r.due_at < $2)
        ORDER BY r.due_at DESC LIMIT $3
        """,
        program_id,
        before,
        limit,
    )
    return [dict(row) for row in rows]
