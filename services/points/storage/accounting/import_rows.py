"""Rows of an import: kept as read, judged together, summed, listed to be posted."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.opening_rows import OpeningRow
from services.points.storage.accounting.imports import Import, source_id_of
from shared.db import driver


async def insert_rows(session: AsyncSession, found: Import, rows: Sequence[OpeningRow]) -> None:
    """Keep rows as they were read, with the members, malls and shops that they name.

    What they name and is not there becomes their error.
    """
    connection = await driver(session)
    await connection.execute(
        _INSERT_ROWS,
        found.program_id,
        found.import_id,
        [row.row_number for row in rows],
        [row.reference for row in rows],
        [None if row.reference is None else source_id_of(row.reference) for row in rows],
        [row.member_id for row in rows],
        [row.member_number for row in rows],
        [row.wallet for row in rows],
        [row.points for row in rows],
        [row.earned_at for row in rows],
        [row.expires_at for row in rows],
        [row.mall_id for row in rows],
        [row.shop_id for row in rows],
        [row.error for row in rows],
    )


async def delete_rows(session: AsyncSession, found: Import) -> None:
    """Forget what was read: the parts are read again."""
    connection = await driver(session)
    await connection.execute(
        "DELETE FROM import_row WHERE program_id = $1 AND import_id = $2",
        found.program_id,
        found.import_id,
    )


_INSERT_ROWS = """
INSERT INTO import_row (program_id, import_id, row_number, reference, source_id, member_id, wallet,
                        points, earned_at, expires_at, mall_id, shop_id, error)
SELECT $1, $2, r.row_number, r.reference, r.source_id, a.account_id, r.wallet, r.points,
       r.earned_at, r.expires_at, coalesce(r.mall_id, s.mall_id), r.shop_id,
       coalesce(r.error, CASE
           WHEN a.account_id IS NULL THEN 'member_unknown'
           WHEN r.wallet <> 'points' AND w.wallet IS NULL THEN 'wallet_unknown'
           WHEN r.shop_id IS NOT NULL AND s.shop_id IS NULL THEN 'shop_unknown'
           WHEN r.mall_id <> s.mall_id THEN 'shop_of_another_mall'
           WHEN r.mall_id IS NOT NULL AND NOT EXISTS (
               SELECT FROM shop o WHERE o.program_id = $1 AND o.mall_id = r.mall_id)
           THEN 'mall_unknown' END)
FROM unnest($3::bigint[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::bigint[],
            $10::timestamptz[], $11::timestamptz[], $12::uuid[], $13::uuid[], $14::text[])
     AS r (row_number, reference, source_id, member_id, member_number, wallet, points, earned_at,
           expires_at, mall_id, shop_id, error)
LEFT JOIN member_number n ON n.program_id = $1 AND n.member_number = r.member_number
LEFT JOIN account a ON a.program_id = $1 AND a.account_id = coalesce(r.member_id, n.member_id)
                   AND a.status = 'open' AND a.wallet = 'points' AND a.member_id IS NOT NULL
LEFT JOIN wallet_type w ON w.program_id = $1 AND w.wallet = r.wallet
LEFT JOIN shop s ON s.program_id = $1 AND s.shop_id = r.shop_id
"""


async def mark_rows_together(session: AsyncSession, found: Import) -> None:
    """What rows have wrong with each other, with the books, or with a wallet's limit."""
    connection = await driver(session)
    # A hundred thousand rows have just come, and the planner believes in one.
    await connection.execute("ANALYZE import_row")
    for query in (_REPEATED, _POSTED_BEFORE, _TOO_FULL):
        await connection.execute(query, found.program_id, found.import_id)


_REPEATED = """
WITH again AS MATERIALIZED (
    SELECT row_number FROM (
        SELECT row_number, row_number() OVER (PARTITION BY source_id ORDER BY row_number) AS nth
        FROM import_row WHERE program_id = $1 AND import_id = $2 AND source_id IS NOT NULL) x
    WHERE nth > 1)
UPDATE import_row r SET error = 'reference_repeated' FROM again
WHERE r.program_id = $1 AND r.import_id = $2 AND r.row_number = again.row_number
  AND r.error IS NULL
"""
_POSTED_BEFORE = """
UPDATE import_row r SET error = 'imported_before'
FROM posting p
WHERE r.program_id = $1 AND r.import_id = $2 AND r.error IS NULL
  AND p.program_id = $1 AND p.source_kind = 'opening' AND p.source_id = r.source_id
"""
_TOO_FULL = """
UPDATE import_row r SET error = 'wallet_full'
FROM (SELECT x.member_id, x.wallet
      FROM import_row x
      JOIN wallet_type w ON w.program_id = $1 AND w.wallet = x.wallet
      LEFT JOIN account a ON a.program_id = $1 AND a.member_id = x.member_id
                         AND a.wallet = x.wallet
      WHERE x.program_id = $1 AND x.import_id = $2 AND x.error IS NULL
      GROUP BY x.member_id, x.wallet, w.balance_max, a.balance
      HAVING sum(x.points) + coalesce(a.balance, 0) > w.balance_max) f
WHERE r.program_id = $1 AND r.import_id = $2 AND r.member_id = f.member_id
  AND r.wallet = f.wallet AND r.error IS NULL
"""


async def sum_rows(session: AsyncSession, found: Import) -> Mapping[str, Any]:
    """Rows, bad rows and points, also by wallet, by month earned and by month of the end."""
    connection = await driver(session)
    row = await connection.fetchrow(
        """
        SELECT count(*) AS rows, count(r.error) AS bad, coalesce(sum(r.points), 0)::bigint AS points
        FROM import_row r WHERE r.program_id = $1 AND r.import_id = $2
        """,
        found.program_id,
        found.import_id,
    )
    return dict(row)


async def sum_by(session: AsyncSession, found: Import, zone: str) -> dict[str, dict[str, int]]:
    """Points by wallet, by mall, by month earned and by month of the last day."""
    connection = await driver(session)
    totals: dict[str, dict[str, int]] = {}
    for name, key in _TOTALS.items():
        rows = await connection.fetch(
            f"SELECT {key} AS key, sum(points)::bigint AS points FROM import_row "
            "WHERE program_id = $1 AND import_id = $2 AND $3::text IS NOT NULL "
            "AND error IS NULL GROUP BY 1 ORDER BY 1",
            found.program_id,
            found.import_id,
            zone,
        )
        totals[name] = {row["key"]: row["points"] for row in rows}
    return totals


_TOTALS = {
    "by_wallet": "wallet",
    "by_mall": "coalesce(mall_id::text, 'programme')",
    "by_month_earned": "to_char(earned_at AT TIME ZONE $3, 'YYYY-MM')",
    "by_month_of_end": "coalesce(to_char((expires_at - interval '1 microsecond') "
    "AT TIME ZONE $3, 'YYYY-MM'), 'never')",
}


async def list_rows_after(
    session: AsyncSession, found: Import, row_number: int, limit: int
) -> Sequence[Any]:
    """The next rows to post."""
    return await (await driver(session)).fetch(
        "SELECT row_number, reference, source_id, member_id, wallet, points, earned_at, "
        "expires_at, mall_id, shop_id FROM import_row "
        "WHERE program_id = $1 AND import_id = $2 AND row_number > $3 "
        "ORDER BY row_number LIMIT $4",
        found.program_id,
        found.import_id,
        row_number,
        limit,
    )


async def set_errors(session: AsyncSession, found: Import, errors: Mapping[int, str]) -> None:
    """Rows that could not be posted after all."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE import_row r SET error = e.error FROM unnest($3::bigint[], $4::text[]) "
        "AS e (row_number, error) WHERE r.program_id = $1 AND r.import_id = $2 "
        "AND r.row_number = e.row_number",
        found.program_id,
        found.import_id,
        list(errors),
        list(errors.values()),
    )
