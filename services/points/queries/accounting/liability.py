"""Reading the liability of days, with what became of each vintage so far."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.liability import breakage_ppm
from shared.db import driver

DAYS_MAX = 31
_ROWS = """
WITH so_far AS (
    SELECT wallet, mall_id, vintage,
           sum(issued + imported + clawed_back)::bigint AS given, -sum(expired)::bigint AS gone
    FROM liability_row WHERE program_id = $1 AND day <= $2
    GROUP BY wallet, mall_id, vintage)
SELECT r.wallet, r.mall_id, r.vintage, r.opening, r.issued, r.redeemed, r.expired, r.clawed_back,
       r.adjusted, r.transferred, r.imported, r.repaid, r.closing,
       s.given AS given_so_far, s.gone AS expired_so_far
FROM liability_row r
JOIN so_far s ON s.wallet = r.wallet AND s.mall_id IS NOT DISTINCT FROM r.mall_id
             AND s.vintage IS NOT DISTINCT FROM r.vintage
WHERE r.program_id = $1 AND r.day = $2
ORDER BY r.row_number
"""
_DAYS = """
SELECT day, time_zone, starts_at, ends_at, built_at FROM liability_day
WHERE program_id = $1 AND day <= coalesce($3::date, 'infinity')
  AND day >= coalesce($2::date, $3::date, (SELECT max(day) FROM liability_day
                                           WHERE program_id = $1))
ORDER BY day LIMIT $4
"""


async def list_liability(
    session: AsyncSession, program_id: UUID, first_day: date | None, last_day: date | None
) -> list[dict[str, Any]]:
    """Days with their rows, ascending; one bound alone is that day and on, or that day."""
    connection = await driver(session)
    days = await connection.fetch(_DAYS, program_id, first_day, last_day, DAYS_MAX)
    return [
        {
            **dict(head),
            "rows": [_row(row) for row in await connection.fetch(_ROWS, program_id, head["day"])],
        }
        for head in days
    ]


def _row(row: Any) -> dict[str, Any]:
    is_debt = row["vintage"] is None
    ppm = None if is_debt else breakage_ppm(row["given_so_far"], row["expired_so_far"])
    return {**dict(row), "breakage_ppm": ppm}
