"""Reading wallets: which there are, and what a member has in each."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def list_wallet_types(session: AsyncSession, program_id: UUID) -> list[dict[str, Any]]:
    """What staff stated, by code; the built-in points are not among them."""
    rows = await (await driver(session)).fetch(
        "SELECT wallet, name, expiry, balance_max, may_transfer, may_redeem FROM wallet_type "
        "WHERE program_id = $1 ORDER BY wallet",
        program_id,
    )
    return [dict(row) for row in rows]


async def list_balances(
    session: AsyncSession, program_id: UUID, member_id: UUID
) -> list[dict[str, Any]] | None:
    """The member's balance in every wallet of the programme, points first; None for nobody."""
    rows = await (await driver(session)).fetch(
        """
        SELECT 'points' AS wallet, balance, version FROM account
        WHERE program_id = $1 AND account_id = $2 AND status <> 'awaited'
        UNION ALL
        SELECT w.wallet, coalesce(a.balance, 0), coalesce(a.version, 0)
        FROM wallet_type w
        LEFT JOIN account a ON a.program_id = w.program_id AND a.member_id = $2
                           AND a.wallet = w.wallet AND a.account_id <> a.member_id
        WHERE w.program_id = $1
        ORDER BY 1
        """,
        program_id,
        member_id,
    )
    balances = sorted((dict(row) for row in rows), key=lambda row: row["wallet"] != "points")
    return balances if balances and balances[0]["wallet"] == "points" else None
