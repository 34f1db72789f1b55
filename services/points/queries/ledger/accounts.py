"""Reading balances, statements and the why of a posting."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Driver, Statements, driver

_BALANCE = (
    "SELECT balance, version FROM account "
    "WHERE program_id = $1 AND account_id = $2 AND status IN ('open', 'merged')"
)


async def find_balance(
    reads: Statements | Driver, program_id: UUID, member_id: UUID
) -> tuple[int, int] | None:
    """(balance, version) of the member's points account, or None."""
    row = await reads.fetchrow(_BALANCE, program_id, member_id)
    return None if row is None else (row["balance"], row["version"])


async def list_postings(
    session: AsyncSession, program_id: UUID, member_id: UUID, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Postings, newest first, with versions below `before`."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT version, points, balance_after, kind, purchased_at, recorded_at FROM posting "
        "WHERE program_id = $1 AND account_id = $2 AND ($3::bigint IS NULL OR version < $3) "
        "ORDER BY version DESC LIMIT $4",
        program_id,
        member_id,
        before,
        limit,
    )
    return [dict(row) for row in rows]


async def find_posting(
    session: AsyncSession, program_id: UUID, member_id: UUID, version: int
) -> dict[str, Any] | None:
    """One posting with its reason, its wallet, its lot and what it took."""
    connection = await driver(session)
    row = await connection.fetchrow(
        """
        SELECT p.version, p.points, p.balance_after, p.kind, p.counter_account, p.source_kind,
               p.source_id, p.purchased_at, p.recorded_at, p.reason,
               a.wallet, w.name AS wallet_name,
               l.remaining AS lot_remaining, l.expires_at, l.mall_id, l.shop_id, l.campaign_id,
               (SELECT coalesce(json_agg(json_build_object(
                           'lot_version', t.lot_version, 'points', t.points)
                           ORDER BY t.lot_version), '[]')
                FROM lot_take t WHERE (t.program_id, t.account_id, t.version)
                                    = (p.program_id, p.account_id, p.version)) AS takes,
               (SELECT count(*) FROM lot_change c WHERE (c.program_id, c.account_id, c.lot_version)
                   = (p.program_id, p.account_id, p.version)) AS lot_changes
        FROM posting p LEFT JOIN lot l USING (program_id, account_id, version)
        JOIN account a ON a.program_id = p.program_id AND a.account_id = p.account_id
        LEFT JOIN wallet_type w ON w.program_id = a.program_id AND w.wallet = a.wallet
        WHERE p.program_id = $1 AND p.account_id = $2 AND p.version = $3
        """,
        program_id,
        member_id,
        version,
    )
    return None if row is None else dict(row)


async def list_receipts(
    session: AsyncSession, program_id: UUID, member_id: UUID, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """The member's receipts, the latest purchase first, older than the receipt `before`."""
    connection = await driver(session)
    older = """
        AND (purchased_at, transaction_id) < (
            SELECT x.purchased_at, x.transaction_id FROM pos_transaction x
            WHERE x.program_id = $1 AND x.transaction_id = $4)"""
    rows = await connection.fetch(
        f"""
        SELECT transaction_id, kind, status, shop_id, mall_id, till_id, receipt_number,
               business_date, purchased_at, recorded_at, total_minor, points, earned, clawed,
               trimmed, notes
        FROM pos_transaction
        WHERE program_id = $1 AND member_id = $2 {older if before else ""}
        ORDER BY purchased_at DESC, transaction_id DESC LIMIT $3
        """,
        program_id,
        member_id,
        limit,
        *([before] if before else []),
    )
    return [dict(row) for row in rows]
