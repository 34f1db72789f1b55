"""Reading where a receipt and what points paid of it differ."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver

OPEN, SETTLED = "open", "settled"


class MismatchFilter(NamedTuple):
    """Which are asked for. Days are business dates, both included; `malls` and `shops` are what the
    caller may touch, both None for all."""

    status: str | None = None
    mall_id: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None
    malls: Collection[UUID] | None = None
    shops: Collection[UUID] | None = None


_ROWS = """
SELECT m.transaction_id, m.redeemed_minor, m.tendered_minor, m.claimed_minor, m.recorded_at,
       m.settled_by, m.settled_at, m.note, t.total_minor, t.content ->> 'currency' AS currency,
       t.member_id, t.mall_id, t.shop_id, t.till_id, t.cashier_id, t.receipt_number,
       t.business_date, t.purchased_at,
       (SELECT coalesce(json_agg(json_build_object('redemption_id', r.redemption_id,
                   'points', r.points, 'amount_minor', r.amount_minor, 'returned', r.returned)
               ORDER BY r.recorded_at, r.redemption_id), '[]')
        FROM redemption r
        WHERE r.program_id = m.program_id AND r.transaction_id = m.transaction_id) AS payments
FROM payment_mismatch m JOIN pos_transaction t USING (program_id, transaction_id)
WHERE m.program_id = $1
"""
_LAST_ID = UUID(int=2**128 - 1)
# Spelled out: so the index of the open ones is found.
_STATUS = {
    None: "",
    OPEN: " AND m.settled_at IS NULL",
    SETTLED: " AND m.settled_at IS NOT NULL",
}


async def find_payment_mismatch(
    session: AsyncSession, program_id: UUID, transaction_id: UUID
) -> dict[str, Any] | None:
    """Where this receipt differs, or None when it does not."""
    connection = await driver(session)
    query = f"{_ROWS} AND m.transaction_id = $2"
    row = await connection.fetchrow(query, program_id, transaction_id)
    return None if row is None else dict(row)


async def list_payment_mismatches(
    session: AsyncSession,
    program_id: UUID,
    wanted: MismatchFilter,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Those wanted, the newest first, older than `before`."""
    connection = await driver(session)
    recorded_at, transaction_id = before or (None, None)
    rows = await connection.fetch(
        f"""{_ROWS}{_STATUS[wanted.status]}
          AND (m.recorded_at, m.transaction_id)
              < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, $11))
          AND ($4::uuid IS NULL OR t.mall_id = $4)
          AND ($5::date IS NULL OR t.business_date >= $5)
          AND ($6::date IS NULL OR t.business_date <= $6)
          AND ($7 OR t.mall_id = ANY ($8::uuid[]) OR t.shop_id = ANY ($9::uuid[]))
        ORDER BY m.recorded_at DESC, m.transaction_id DESC LIMIT $10
        """,
        program_id,
        recorded_at,
        transaction_id,
        wanted.mall_id,
        wanted.first_day,
        wanted.last_day,
        wanted.malls is None and wanted.shops is None,
        sorted(wanted.malls or ()),
        sorted(wanted.shops or ()),
        limit,
        _LAST_ID,
    )
    return [dict(row) for row in rows]
