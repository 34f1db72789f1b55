"""Pending lots and the events that they wait for."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.pending import PendingTerms, awaited_event
from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts.earning import Policy
from services.points.storage.ledger.accounts import touch_sales_of
from shared.db import Driver, Statements, driver


async def list_awaited_events(
    session: AsyncSession, program_id: UUID, account_id: UUID
) -> dict[int, str]:
    """What the account's pending lots wait for, by the lot's version: those that wait for an event.

    The reason that first made the points says it, on whatever account that was.
    """
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT l.version, coalesce(first.reason, p.reason) ->> 'awaits' AS event
        FROM lot l JOIN posting p USING (program_id, account_id, version)
        LEFT JOIN posting first ON first.program_id = l.program_id
             AND first.source_kind IN ('sale', 'rerate', 'activity')
             AND first.source_id = l.origin_id
        WHERE l.program_id = $1 AND l.account_id = $2 AND l.state = 'pending' AND l.remaining > 0
          AND l.activates_at IS NULL AND coalesce(first.reason, p.reason) ->> 'awaits' IS NOT NULL
        """,
        program_id,
        account_id,
    )
    return {row["version"]: row["event"] for row in rows}


async def keep_event(
    session: AsyncSession,
    program_id: UUID,
    account_id: UUID,
    event: str,
    source_id: UUID | None,
    told_by: str,
    now: datetime,
) -> None:
    """Remember what happened, for points that come later. The account is locked by the caller.

    About the member (`source_id` None) the latest time counts, about one source the first.
    """
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO activation_event AS e
            (program_id, account_id, event, about_id, told_by, told_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (program_id, account_id, event, about_id) DO UPDATE
        SET told_by = excluded.told_by, told_at = excluded.told_at
        WHERE e.about_id = e.account_id AND e.told_at < excluded.told_at
        """,
        program_id,
        account_id,
        event,
        source_id or account_id,
        told_by,
        now,
    )
    await touch_sales_of(session, program_id, account_id)


async def load_told_events(
    reads: Statements | Driver,
    program_id: UUID,
    accounts: Mapping[UUID, Account],
    terms: Iterable[PendingTerms],
) -> None:
    """Give accounts what was told of them. Costs a round trip only where some points wait for an
    event. Without locks, whoever writes must see that an account's `tier_version` did not move."""
    events = {event for one in terms if (event := awaited_event(one)) is not None}
    if not events or not accounts:
        return
    row = await reads.fetchrow(
        "SELECT array_agg((account_id, event, about_id, told_at)) AS told FROM activation_event "
        "WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) AND event = ANY ($3::text[])",
        program_id,
        list(accounts),
        list(events),
    )
    for account_id, event, about_id, told_at in row["told"] or ():
        account = accounts[account_id]
        account.told = {**account.told, (event, about_id): told_at}


async def load_told_events_of(
    session: AsyncSession,
    program_id: UUID,
    accounts: Mapping[UUID, Account],
    policies: Iterable[Policy],
) -> None:
    """The same for locked accounts that earn by these policies."""
    terms = [policy.pending for policy in policies]
    await load_told_events(await driver(session), program_id, accounts, terms)
