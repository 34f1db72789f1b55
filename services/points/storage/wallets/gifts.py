"""Gifts from wallets beside the points: what a member gave of late."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def sum_gifts(
    session: AsyncSession, program_id: UUID, account_id: UUID, now: datetime
) -> int:
    """Points given from the account within the last 24 hours. Lock it before."""
    connection = await driver(session)
    # The time is no condition of the scan: the day of everybody is more than all of one account.
    total = await connection.fetchval(
        "SELECT coalesce(-sum(points) FILTER (WHERE recorded_at > $3), 0)::bigint FROM posting "
        "WHERE program_id = $1 AND account_id = $2 AND kind = 'wallet_gift_out'",
        program_id,
        account_id,
        now - timedelta(days=1),
    )
    return int(total)
