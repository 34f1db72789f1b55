"""Whom to remind of points that end, and who was."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


class EndingLots(NamedTuple):
    """Points of an account and a mall that end at the same instant."""

    account_id: UUID
    member_id: UUID
    wallet: str
    expires_at: datetime
    mall_id: UUID | None
    points: int


async def lock_ending_lots(
    session: AsyncSession,
    program_id: UUID,
    account_ids: Sequence[UUID],
    since: datetime,
    until: datetime,
) -> list[EndingLots]:
    """What ends after `since` and not after `until` on members' open accounts, by account and
    time. Locks the accounts, ascending."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT account_id FROM account WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) "
        "AND status = 'open' AND member_id IS NOT NULL ORDER BY account_id FOR UPDATE",
        program_id,
        account_ids,
    )
    rows = await connection.fetch(
        """
        SELECT a.account_id, a.member_id, a.wallet, l.expires_at, l.mall_id,
               sum(l.remaining)::bigint AS points
        FROM account a JOIN lot l USING (program_id, account_id)
        WHERE a.program_id = $1 AND a.account_id = ANY ($2::uuid[]) AND l.remaining > 0
          AND l.expires_at > $3 AND l.expires_at <= $4
        GROUP BY a.account_id, a.member_id, a.wallet, l.expires_at, l.mall_id
        ORDER BY a.account_id, l.expires_at, l.mall_id
        """,
        program_id,
        [row["account_id"] for row in rows],
        since,
        until,
    )
    return [EndingLots(*row) for row in rows]


async def insert_reminders(
    session: AsyncSession,
    program_id: UUID,
    month: date,
    now: datetime,
    points: Mapping[UUID, int],
) -> set[UUID]:
    """Keep that these accounts are told of the month. Returns those who were not before."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        INSERT INTO expiry_reminder (program_id, account_id, month, points, told_at)
        SELECT $1, account_id, $2, points, $3
        FROM unnest($4::uuid[], $5::bigint[]) AS r (account_id, points) ORDER BY account_id
        ON CONFLICT DO NOTHING RETURNING account_id
        """,
        program_id,
        month,
        now,
        list(points),
        list(points.values()),
    )
    return {row["account_id"] for row in rows}
