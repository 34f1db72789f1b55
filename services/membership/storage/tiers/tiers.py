"""Tier credit, the tiers that were told, and what members' purchases add up to."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.tiers.assessment import Assessment, TierState
from services.membership.domain.tiers.purchases import ProfileGain
from services.membership.domain.tiers.tiers import Credit, Interval
from shared.db import driver


def timeline_json(intervals: Sequence[Interval]) -> str:
    """The `timeline` column: oldest first."""
    return json.dumps(
        [{"tier": i.tier, "since": i.since.isoformat(), "cause": i.cause} for i in intervals]
    )


def read_timeline(column: Sequence[Mapping[str, Any]]) -> tuple[Interval, ...]:
    """Intervals from the `timeline` column, which the driver has decoded."""
    return tuple(
        Interval(step["tier"], datetime.fromisoformat(step["since"]), step["cause"])
        for step in column
    )


async def insert_first_tiers(
    session: AsyncSession,
    program_id: UUID,
    tier: str,
    enrolled_at: Mapping[UUID, datetime],
) -> None:
    """Everybody starts with the tier of rank 0, at version 0."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO member_tier (program_id, member_id, version, tier, since, timeline, "
        "assessed_until) SELECT $1, m.id, 0, $2, m.at, m.timeline, m.at "
        "FROM unnest($3::uuid[], $4::timestamptz[], $5::json[]) AS m (id, at, timeline)",
        program_id,
        tier,
        list(enrolled_at),
        list(enrolled_at.values()),
        [timeline_json([Interval(tier, at, "enrolled")]) for at in enrolled_at.values()],
    )


async def lock_member_tiers(
    session: AsyncSession, program_id: UUID, member_ids: Sequence[UUID]
) -> dict[UUID, TierState]:
    """Hold these members' tiers, in ascending order of id."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT t.member_id, m.enrolled_at, t.version, t.timeline, t.assessed_until, t.due_at "
        "FROM member_tier t JOIN member m USING (program_id, member_id) "
        "WHERE t.program_id = $1 AND t.member_id = ANY ($2::uuid[]) "
        "ORDER BY t.member_id FOR NO KEY UPDATE OF t",
        program_id,
        member_ids,
    )
    return {
        row["member_id"]: TierState(
            row["member_id"],
            row["enrolled_at"],
            row["version"],
            read_timeline(row["timeline"]),
            row["assessed_until"],
            row["due_at"],
        )
        for row in rows
    }


async def lock_due_tiers(
    session: AsyncSession, program_id: UUID, now: datetime, limit: int
) -> dict[UUID, TierState]:
    """Hold up to `limit` members whose history goes on by itself, and whom nobody else holds."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT member_id FROM member_tier WHERE program_id = $1 AND due_at <= $2 "
        "ORDER BY member_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
        program_id,
        now,
        limit,
    )
    return await lock_member_tiers(session, program_id, [row["member_id"] for row in rows])


async def list_credits(
    session: AsyncSession, program_id: UUID, member_ids: Sequence[UUID]
) -> dict[UUID, list[Credit]]:
    """Everything these members bought, sorted; one row a member, for speed."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT member_id, array_agg(purchased_at ORDER BY purchased_at, transaction_id) AS at, "
        "array_agg(transaction_id ORDER BY purchased_at, transaction_id) AS id, "
        "array_agg(amount_minor ORDER BY purchased_at, transaction_id) AS amount "
        "FROM tier_credit WHERE program_id = $1 AND member_id = ANY ($2::uuid[]) "
        "GROUP BY member_id",
        program_id,
        member_ids,
    )
    return {
        row["member_id"]: list(map(Credit, row["at"], row["id"], row["amount"])) for row in rows
    }


async def insert_credits(
    session: AsyncSession, program_id: UUID, credits: Sequence[tuple[UUID, Credit]]
) -> int:
    """Store new credits. Returns how many were stored."""
    connection = await driver(session)
    done = await connection.execute(
        "INSERT INTO tier_credit (program_id, member_id, transaction_id, amount_minor, "
        "purchased_at) SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], "
        "$5::timestamptz[])",
        program_id,
        [member_id for member_id, _ in credits],
        [credit.transaction_id for _, credit in credits],
        [credit.amount_minor for _, credit in credits],
        [credit.purchased_at for _, credit in credits],
    )
    return int(done.rpartition(" ")[2])


async def add_to_profiles(
    session: AsyncSession, program_id: UUID, gains: Sequence[ProfileGain]
) -> None:
    """Add up; the order of batches does not matter (sums, least, greatest)."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO member_profile AS p (program_id, member_id, visits, spend_minor, "
        "first_purchase_at, last_purchase_at) SELECT $1, * FROM unnest($2::uuid[], $3::int[], "
        "$4::bigint[], $5::timestamptz[], $6::timestamptz[]) "
        "ON CONFLICT (program_id, member_id) DO UPDATE SET "
        "visits = p.visits + excluded.visits, "
        "spend_minor = p.spend_minor + excluded.spend_minor, "
        "first_purchase_at = least(p.first_purchase_at, excluded.first_purchase_at), "
        "last_purchase_at = greatest(p.last_purchase_at, excluded.last_purchase_at)",
        program_id,
        [gain.member_id for gain in gains],
        [gain.visits for gain in gains],
        [gain.spend_minor for gain in gains],
        [gain.first_purchase_at for gain in gains],
        [gain.last_purchase_at for gain in gains],
    )


async def update_member_tiers(
    session: AsyncSession, program_id: UUID, assessments: Sequence[Assessment]
) -> int:
    """Write histories of members whose tiers are held. Returns how many rows were written."""
    connection = await driver(session)
    done = await connection.execute(
        "UPDATE member_tier t SET version = a.version, tier = a.tier, since = a.since, "
        "timeline = a.timeline, assessed_until = a.assessed_until, due_at = a.due_at "
        "FROM unnest($2::uuid[], $3::int[], $4::text[], $5::timestamptz[], $6::json[], "
        "$7::timestamptz[], $8::timestamptz[]) "
        "AS a (member_id, version, tier, since, timeline, assessed_until, due_at) "
        "WHERE t.program_id = $1 AND t.member_id = a.member_id",
        program_id,
        [a.member_id for a in assessments],
        [a.version for a in assessments],
        [a.history.current.tier for a in assessments],
        [a.history.current.since for a in assessments],
        [timeline_json(a.history.intervals) for a in assessments],
        [a.assessed_until for a in assessments],
        [a.history.due_at for a in assessments],
    )
    return int(done.rpartition(" ")[2])


async def find_program_with_due_tiers(session: AsyncSession, now: datetime) -> UUID | None:
    """A programme in which some member's history goes on by itself by now."""
    connection = await driver(session)
    program_id: UUID | None = await connection.fetchval(
        "SELECT program_id FROM member_tier WHERE due_at <= $1 ORDER BY due_at LIMIT 1", now
    )
    return program_id


async def page_member_ids(
    session: AsyncSession, program_id: UUID, after: UUID, limit: int
) -> list[UUID]:
    """The next members in order of id."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT member_id FROM member_tier WHERE program_id = $1 AND member_id > $2 "
        "ORDER BY member_id LIMIT $3",
        program_id,
        after,
        limit,
    )
    return [row["member_id"] for row in rows]
