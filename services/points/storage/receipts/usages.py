"""What members were granted under caps so far."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts.caps import Limits, Used, periods_to_read
from services.points.domain.receipts.pos_records import Stored
from shared.db import driver


async def load_usages(
    session: AsyncSession,
    program_id: UUID,
    accounts: Mapping[UUID, Account],
    wanted: Iterable[tuple[Limits, datetime]],
) -> None:
    """Give locked accounts what they used of these limits, in the periods of these purchases.

    Costs a round trip only where there are limits.
    """
    periods = periods_to_read(wanted)
    if not periods:
        return
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT account_id, cap, period, points, times, last_at FROM cap_usage "
        "WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) AND period = ANY ($3::text[])",
        program_id,
        sorted(accounts),
        periods,
    )
    keep_usages(accounts, rows)


def limits_of(sales: Iterable[Stored]) -> list[tuple[Limits, datetime]]:
    """What rated sales need to know of usages."""
    return [(s.rating.policy.limits, s.purchased_at) for s in sales if s.rating is not None]


def keep_usages(accounts: Mapping[UUID, Account], rows: Iterable[Any]) -> None:
    """Put rows of (account, cap, period, points, times, last at) on their accounts."""
    for account in accounts.values():
        account.used = {}
    for account_id, cap, period, points, times, last_at in rows:
        accounts[account_id].used[cap, period] = Used(points, times, last_at)
