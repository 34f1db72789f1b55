"""What a member may spend now, and what is set aside."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.lots import available_points
from services.points.storage.ledger.lots import load_open_lots
from shared.db import driver

# An open hold whose time is over holds nothing, whether or not it was cleared away yet.
_IS_HELD = "h.status = 'open' AND (h.kind <> 'payment' OR h.expires_at > $3)"


async def find_spendable(
    session: AsyncSession, program_id: UUID, member_id: UUID, now: datetime
) -> dict[str, Any] | None:
    """`balance`, `available`, `pending` and `held` of the member's points, or None. What
    was merged into another account has nothing left."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"""
        SELECT a.balance, a.pending, a.frozen_case,
               (SELECT coalesce(sum(h.points - h.captured), 0)::bigint FROM hold h
                WHERE h.program_id = $1 AND h.account_id = $2 AND {_IS_HELD}) AS held
        FROM account a
        WHERE a.program_id = $1 AND a.account_id = $2 AND a.status IN ('open', 'merged')
        """,
        program_id,
        member_id,
        now,
    )
    if row is None:
        return None
    lots = [lot for _, lot in await load_open_lots(session, program_id, [member_id])]
    available = 0
    if row["frozen_case"] is None:
        available = available_points(lots, row["balance"], row["held"], now)
    return {
        "balance": row["balance"],
        "available": available,
        "pending": row["pending"],
        "held": row["held"],
    }


async def list_open_holds(
    session: AsyncSession,
    program_id: UUID,
    member_id: UUID,
    now: datetime,
    after: UUID | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Holds that set points aside now, oldest first, made after the hold `after`."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT h.hold_id, h.account_id AS member_id, h.status, h.points, h.captured,
               h.available_after AS available, h.expires_at, h.reference
        FROM hold h WHERE h.program_id = $1 AND h.account_id = $2 AND {_IS_HELD}
          AND ($4::uuid IS NULL OR (h.recorded_at, h.hold_id) > (
              SELECT x.recorded_at, x.hold_id FROM hold x
              WHERE x.program_id = $1 AND x.hold_id = $4))
        ORDER BY h.recorded_at, h.hold_id LIMIT $5
        """,
        program_id,
        member_id,
        now,
        after,
        limit,
    )
    return [dict(row) for row in rows]
