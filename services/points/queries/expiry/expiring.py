"""What of a member's points ends when."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


class EndingPoints(NamedTuple):
    """Points of a mall with the same end; None is never. `pending` of them cannot be spent yet."""

    expires_at: datetime | None
    mall_id: UUID | None
    points: int
    pending: int


class ExpirySchedule(NamedTuple):
    """All of the balance by its end, the earliest first, or a debt and nothing."""

    balance: int
    held: int
    parts: list[EndingPoints]


async def find_expiry_schedule(
    session: AsyncSession, program_id: UUID, account_id: UUID
) -> ExpirySchedule | None:
    """The points of an account, open or merged, by their end, of one snapshot; None for nobody."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT a.balance, a.held, l.expires_at, l.mall_id, sum(l.remaining)::bigint AS points,
               coalesce(sum(l.remaining) FILTER (WHERE l.state = 'pending'), 0)::bigint AS pending
        FROM account a
        LEFT JOIN lot l ON l.program_id = a.program_id AND l.account_id = a.account_id
                       AND l.remaining > 0
        WHERE a.program_id = $1 AND a.account_id = $2 AND a.status IN ('open', 'merged')
        GROUP BY a.balance, a.held, l.expires_at, l.mall_id ORDER BY l.expires_at, l.mall_id
        """,
        program_id,
        account_id,
    )
    if not rows:
        return None
    parts = [
        EndingPoints(row["expires_at"], row["mall_id"], row["points"], row["pending"])
        for row in rows
        if row["points"] is not None
    ]
    return ExpirySchedule(rows[0]["balance"], rows[0]["held"], parts)
