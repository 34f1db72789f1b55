"""Reading prices, statements and what has been burned since."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.clearing import Due, net
from services.points.domain.accounting.liability import check_days, programme_day
from services.points.domain.receipts.receipts import local_day
from services.points.storage.accounting.clearing import list_burned
from services.points.storage.accounting.liability import find_program_zone
from shared.db import driver


async def list_prices(
    session: AsyncSession,
    program_id: UUID,
    after: datetime | None,
    after_wallet: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Prices, the oldest first and of one instant by wallet, that begin after then, or then for
    wallets after that one."""
    rows = await (await driver(session)).fetch(
        "SELECT wallet, effective_from, amount_minor, per_points, currency, recorded_by "
        "FROM clearing_price WHERE program_id = $1 AND ($2::timestamptz IS NULL "
        "OR effective_from > $2 OR (effective_from = $2 AND wallet > $3)) "
        "ORDER BY effective_from, wallet LIMIT $4",
        program_id,
        after,
        after_wallet,
        limit,
    )
    return [dict(row) for row in rows]


async def report_clearing(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    first_day: date | None,
    last_day: date | None,
) -> list[Due]:
    """What is due for the days, both included, whether netted or not; up to today, from the first
    of the last day's month on, unless told. Raises `DaysReversed`."""
    zone = await find_program_zone(session, program_id)
    last_day = last_day or local_day(now, zone)
    first_day = first_day or last_day.replace(day=1)
    check_days(first_day, last_day)
    starts_at = programme_day(first_day, zone).starts_at
    ends_at = programme_day(last_day, zone).ends_at
    return net(await list_burned(session, program_id, starts_at, ends_at))


async def find_statement(
    session: AsyncSession,
    program_id: UUID,
    *,
    statement_id: UUID | None = None,
    ends_at: datetime | None = None,
) -> dict[str, Any] | None:
    """A statement by its id or its end, with its lines as dues."""
    connection = await driver(session)
    head = await connection.fetchrow(
        "SELECT statement_id, ends_at, entries, made_at, made_by FROM clearing_statement "
        "WHERE program_id = $1 AND (statement_id = $2 OR ends_at = $3)",
        program_id,
        statement_id,
        ends_at,
    )
    if head is None:
        return None
    lines = await connection.fetch(
        "SELECT wallet, debtor_mall_id, creditor_mall_id, currency, points, amount_minor "
        "FROM clearing_line WHERE program_id = $1 AND statement_id = $2 ORDER BY line_number",
        program_id,
        head["statement_id"],
    )
    return {**dict(head), "dues": [Due(*line) for line in lines]}


async def list_statements(session: AsyncSession, program_id: UUID) -> list[dict[str, Any]]:
    """All statements without their lines, the newest first."""
    rows = await (await driver(session)).fetch(
        "SELECT statement_id, ends_at, entries, made_at, made_by FROM clearing_statement "
        "WHERE program_id = $1 ORDER BY ends_at DESC LIMIT 200",
        program_id,
    )
    return [dict(row) for row in rows]
