"""Accounts and the tiers that members held."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Statements, driver


async def set_accounts_open(
    session: AsyncSession, program_id: UUID, account_ids: Sequence[UUID]
) -> None:
    """Awaited accounts become open. They are locked by the caller."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE account SET status = 'open' WHERE program_id = $1 "
        "AND account_id = ANY ($2::uuid[]) AND status = 'awaited'",
        program_id,
        account_ids,
    )


async def set_first_tiers(
    session: AsyncSession, program_id: UUID, tiers: Sequence[tuple[UUID, datetime, str]]
) -> None:
    """The tier held since enrolment, unless a tier event has told more already."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO member_tier (program_id, member_id, since, tier)
        SELECT $1, t.member_id, t.since, t.tier
        FROM unnest($2::uuid[], $3::timestamptz[], $4::text[]) AS t (member_id, since, tier)
        WHERE EXISTS (SELECT 1 FROM account a WHERE a.program_id = $1
                      AND a.account_id = t.member_id AND a.timeline_version = 0)
        ORDER BY t.member_id
        ON CONFLICT DO NOTHING
        """,
        program_id,
        [member_id for member_id, _, _ in tiers],
        [since for _, since, _ in tiers],
        [tier for _, _, tier in tiers],
    )


async def replace_timeline(
    session: AsyncSession,
    program_id: UUID,
    member_id: UUID,
    version: int,
    timeline: Sequence[tuple[datetime, str]],
) -> None:
    """The member's tiers are now these. The account is locked by the caller."""
    connection = await driver(session)
    await connection.execute(
        "DELETE FROM member_tier WHERE program_id = $1 AND member_id = $2", program_id, member_id
    )
    await connection.execute(
        "INSERT INTO member_tier (program_id, member_id, since, tier) "
        "SELECT $1, $2, * FROM unnest($3::timestamptz[], $4::text[])",
        program_id,
        member_id,
        [since for since, _ in timeline],
        [tier for _, tier in timeline],
    )
    await connection.execute(
        "UPDATE account SET timeline_version = $3, tier_version = greatest(tier_version + 1, $3) "
        "WHERE program_id = $1 AND account_id = $2",
        program_id,
        member_id,
        version,
    )


async def list_timeline_versions(
    session: AsyncSession, program_id: UUID, account_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """Which tiers are known of these members, whose accounts are locked."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT account_id, timeline_version FROM account "
        "WHERE program_id = $1 AND account_id = ANY ($2::uuid[])",
        program_id,
        account_ids,
    )
    return {row["account_id"]: row["timeline_version"] for row in rows}


async def touch_sales_of(session: AsyncSession, program_id: UUID, account_id: UUID) -> None:
    """Sales of this locked account that are being decided right now are decided again.

    For whoever changes what they would earn without a posting on the account.
    """
    connection = await driver(session)
    await connection.execute(
        "UPDATE account SET tier_version = tier_version + 1 "
        "WHERE program_id = $1 AND account_id = $2",
        program_id,
        account_id,
    )


async def list_sales_since(
    session: AsyncSession, program_id: UUID, member_id: UUID, since: datetime
) -> list[UUID]:
    """The member's posted sales bought at or after `since`, oldest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT transaction_id FROM pos_transaction WHERE program_id = $1 AND member_id = $2 "
        "AND kind = 'sale' AND status = 'posted' AND purchased_at >= $3 "
        "ORDER BY purchased_at, transaction_id",
        program_id,
        member_id,
        since,
    )
    return [row["transaction_id"] for row in rows]


async def list_posted_sources(
    session: AsyncSession, program_id: UUID, source_kind: str, source_ids: Sequence[UUID]
) -> set[UUID]:
    """Those of the sources that have posted already."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT source_id FROM posting WHERE program_id = $1 AND source_kind = $2 "
        "AND source_id = ANY ($3::uuid[])",
        program_id,
        source_kind,
        source_ids,
    )
    return {row["source_id"] for row in rows}


_SURVIVOR = """
WITH RECURSIVE onward AS (
    SELECT account_id, merged_into FROM account WHERE program_id = $1 AND account_id = $2
    UNION
    SELECT a.account_id, a.merged_into FROM onward o
    JOIN account a ON a.program_id = $1 AND a.account_id = o.merged_into)
SELECT account_id FROM onward WHERE merged_into IS NULL
"""


async def find_survivor(reads: Statements, program_id: UUID, account_id: UUID) -> UUID | None:
    """The account that an account's points are in now: itself, or the one it was merged into."""
    row = await reads.fetchrow(_SURVIVOR, program_id, account_id)
    return None if row is None else row["account_id"]
