"""Reading wallets: which there are, and what a member has in each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.wallets.wallets import account_id_of
from shared.db import driver


async def list_wallet_types(session: AsyncSession, program_id: UUID) -> list[dict[str, Any]]:
    """What staff stated, by code; the built-in points are not among them."""
    rows = await (await driver(session)).fetch(
        "SELECT wallet, name, expiry, balance_max, gift_points_a_day_max, may_transfer, "
        "may_redeem FROM wallet_type WHERE program_id = $1 ORDER BY wallet",
        program_id,
    )
    return [dict(row) for row in rows]


async def list_wallet_versions(
    session: AsyncSession, program_id: UUID, wallet: str, after: int, limit: int
) -> list[dict[str, Any]]:
    """What was ever stated of the wallet, the oldest first, above the version `after`."""
    rows = await (await driver(session)).fetch(
        "SELECT wallet, version, effective_from, recorded_by, name, expiry, balance_max, "
        "gift_points_a_day_max, may_transfer, may_redeem FROM wallet_version "
        "WHERE program_id = $1 AND wallet = $2 AND version > $3 ORDER BY version LIMIT $4",
        program_id,
        wallet,
        after,
        limit,
    )
    return [dict(row) for row in rows]


async def list_balances_at(
    session: AsyncSession, program_id: UUID, member_id: UUID, instant: datetime
) -> list[dict[str, Any]] | None:
    """The same as `list_balances`, by what was recorded until then; wallets of today."""
    now = await list_balances(session, program_id, member_id)
    if now is None:
        return None
    rows = await (await driver(session)).fetch(
        """
        SELECT a.wallet, p.balance_after AS balance, p.version
        FROM unnest($2::text[], $3::uuid[]) AS a (wallet, account_id)
        JOIN LATERAL (
            SELECT x.balance_after, x.version FROM posting x
            WHERE x.program_id = $1 AND x.account_id = a.account_id AND x.recorded_at <= $4
            ORDER BY x.version DESC LIMIT 1) p ON true
        """,
        program_id,
        [row["wallet"] for row in now],
        [account_id_of(member_id, row["wallet"]) for row in now],
        instant,
    )
    then = {row["wallet"]: dict(row) for row in rows}
    return [then.get(r["wallet"], {"wallet": r["wallet"], "balance": 0, "version": 0}) for r in now]


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
