"""Prices between malls, and statements of what was netted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.clearing import Burned, Due
from services.points.domain.accounting.errors import ClearingPriceMissing
from shared.db import driver

# Entries by wallet, who issued, who burned, and the price of the wallet in force when they were
# burned: what comes back costs what it had cost. So what was burned in a period that was netted
# before wallets had prices comes back at the price of a point, as all wallets were netted then.
_BURNED = """
WITH price AS (
    SELECT wallet, amount_minor, per_points, currency, effective_from,
           lead(effective_from, 1, 'infinity') OVER (PARTITION BY wallet ORDER BY effective_from)
               AS until
    FROM clearing_price WHERE program_id = $1
), entry AS (
    SELECT e.issuing_mall_id, e.burning_mall_id, e.points, e.priced_at, e.statement_id, a.wallet,
           CASE WHEN e.priced_at < (SELECT max(s.ends_at) FROM clearing_statement s
                                    WHERE s.program_id = $1 AND NOT s.by_wallet)
                THEN 'points' ELSE a.wallet END AS priced_as
    FROM clearing_entry e JOIN account a USING (program_id, account_id)
    WHERE e.program_id = $1 AND {where})
SELECT e.wallet, e.issuing_mall_id, e.burning_mall_id, sum(e.points)::bigint AS points,
       p.amount_minor, p.per_points, p.currency, e.priced_as, min(e.priced_at) AS first_at
FROM entry e
LEFT JOIN price p ON p.wallet = e.priced_as
                 AND e.priced_at >= p.effective_from AND e.priced_at < p.until
WHERE {told}
GROUP BY e.wallet, e.priced_as, e.issuing_mall_id, e.burning_mall_id, p.amount_minor, p.per_points,
         p.currency, CASE WHEN p.currency IS NULL THEN e.priced_at END
"""
_OF_STATEMENT = _BURNED.format(where="e.statement_id = $2", told="true")
# What a statement has without a price came to nothing there. Of days that show a part of it only,
# nobody could state the price any more: it is left out.
_OF_TIME = _BURNED.format(
    where="e.recorded_at >= $2 AND e.recorded_at < $3",
    told="(p.currency IS NOT NULL OR e.statement_id IS NULL)",
)


class Price(NamedTuple):
    """A unit of a wallet between malls: `amount_minor` for `per_points`, from an instant on."""

    wallet: str
    effective_from: datetime
    amount_minor: int
    per_points: int
    currency: str


async def insert_price(
    session: AsyncSession, program_id: UUID, now: datetime, price: Price, recorded_by: str
) -> bool:
    """Add a price. False when the wallet has one from that instant already."""
    connection = await driver(session)
    return bool(
        await connection.fetchval(
            """
            INSERT INTO clearing_price (program_id, wallet, effective_from, amount_minor,
                                        per_points, currency, recorded_at, recorded_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING true
            """,
            program_id,
            *price,
            now,
            recorded_by,
        )
    )


async def find_last_end(session: AsyncSession, program_id: UUID) -> datetime | None:
    """Until when everything has been netted."""
    connection = await driver(session)
    found: datetime | None = await connection.fetchval(
        "SELECT max(ends_at) FROM clearing_statement WHERE program_id = $1", program_id
    )
    return found


async def insert_statement(
    session: AsyncSession,
    program_id: UUID,
    statement_id: UUID,
    ends_at: datetime,
    now: datetime,
    made_by: str,
) -> None:
    """Make the statement and give it every entry before `ends_at` that has none."""
    connection = await driver(session)
    await connection.execute(
        """
        WITH taken AS (
            UPDATE clearing_entry SET statement_id = $2
            WHERE program_id = $1 AND statement_id IS NULL AND recorded_at < $3
            RETURNING 1)
        INSERT INTO clearing_statement (program_id, statement_id, ends_at, entries, made_at,
                                        made_by, by_wallet)
        SELECT $1, $2, $3, (SELECT count(*) FROM taken), $4, $5, true
        """,
        program_id,
        statement_id,
        ends_at,
        now,
        made_by,
    )


async def lock_program_clearing(session: AsyncSession, program_id: UUID) -> None:
    """One statement at a time in a programme: the lock ends with the transaction."""
    connection = await driver(session)
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('clearing' || $1, 0))", str(program_id)
    )


async def insert_lines(
    session: AsyncSession, program_id: UUID, statement_id: UUID, dues: Sequence[Due]
) -> None:
    """What a statement says."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO clearing_line (program_id, statement_id, line_number, wallet, debtor_mall_id,
                                   creditor_mall_id, currency, points, amount_minor)
        SELECT $1, $2, n, wallet, debtor, creditor, currency, points, amount
        FROM unnest($3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[])
             WITH ORDINALITY AS l (wallet, debtor, creditor, currency, points, amount, n)
        """,
        program_id,
        statement_id,
        [due.wallet for due in dues],
        [due.debtor for due in dues],
        [due.creditor for due in dues],
        [due.currency for due in dues],
        [due.points for due in dues],
        [due.amount_minor for due in dues],
    )


async def list_burned_of_statement(
    session: AsyncSession, program_id: UUID, statement_id: UUID
) -> list[Burned]:
    """What the statement's entries say. Raises `ClearingPriceMissing`."""
    return await _list(session, _OF_STATEMENT, program_id, statement_id)


async def list_burned(
    session: AsyncSession, program_id: UUID, starts_at: datetime, ends_at: datetime
) -> list[Burned]:
    """What the entries of that time say. Raises `ClearingPriceMissing`, of what is not netted."""
    return await _list(session, _OF_TIME, program_id, starts_at, ends_at)


async def _list(session: AsyncSession, query: str, *args: Any) -> list[Burned]:
    rows = await (await driver(session)).fetch(query, *args)
    # What came back in full is worth nothing, whatever a unit was worth then.
    unpriced = [row for row in rows if row["currency"] is None and row["points"]]
    if unpriced:
        wallet = min(row["priced_as"] for row in unpriced)
        missing = [row for row in unpriced if row["priced_as"] == wallet]
        points = sum(abs(row["points"]) for row in missing)
        since = min(row["first_at"] for row in missing).isoformat()
        raise ClearingPriceMissing(
            f"{points} {wallet} were burned at a time that has no price for {wallet}. "
            f"State one from {since} on.",
            wallet=wallet,
            points=points,
            price_needed_from=since,
        )
    return [Burned(*row[:-2]) for row in rows if row["currency"] is not None]
