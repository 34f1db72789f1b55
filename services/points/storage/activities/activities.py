"""Activities and the rules for them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.activities.activities import Activity, ActivityRule, read_rule
from services.points.domain.ledger.accounts import Account
from services.points.storage.receipts.usages import keep_usages
from shared.db import Collision, driver

_FIELDS = (
    "activity_id, member_id, kind, external_id, happened_at, mall_id, referred_id, request_hash, "
    "made_by, recorded_at, rule_version, points, referred_points, is_pending, activates_at, "
    "expires_at, balance_after, wallet, credited_member_id, notes"
)


async def list_rules(
    session: AsyncSession,
    program_id: UUID,
    kind: str | None = None,
    after: tuple[str, int] = ("", -1),
    limit: int | None = None,
) -> list[ActivityRule]:
    """Versions of one kind or of all, by kind, the oldest first: all of them, or so many after that
    kind and version."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT kind, version, effective_from, spec FROM activity_rule "
        "WHERE program_id = $1 AND ($2::text IS NULL OR kind = $2) AND (kind, version) > ($3, $4) "
        "ORDER BY kind, version LIMIT $5",
        program_id,
        kind,
        *after,
        limit,
    )
    return [
        read_rule(row["kind"], row["version"], row["effective_from"], row["spec"]) for row in rows
    ]


async def insert_rule(
    session: AsyncSession, program_id: UUID, rule: ActivityRule, made_by: str, now: datetime
) -> None:
    """Add a version. Raises `Collision` when somebody adds the same one right now."""
    connection = await driver(session)
    try:
        await connection.execute(
            "INSERT INTO activity_rule (program_id, kind, version, effective_from, spec, "
            "recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5::text::json, $6, $7)",
            program_id,
            rule.kind,
            rule.version,
            rule.effective_from,
            json.dumps(rule.spec),
            now,
            made_by,
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("Another rule for this is being added right now.") from error


async def list_activities_by_id(
    session: AsyncSession, program_id: UUID, activity_ids: Sequence[UUID]
) -> dict[UUID, Activity]:
    """Those that are stored. Their members' locks guard them."""
    found = await _list(session, "activity_id = ANY ($2::uuid[])", program_id, activity_ids)
    return {activity.activity_id: activity for activity in found}


async def list_activities_of(
    session: AsyncSession, program_id: UUID, member_id: UUID, before: UUID | None, limit: int
) -> list[Activity]:
    """What the member did, or who was merged into them since, the newest first: those that come
    after the activity `before`."""
    return await _list(
        session,
        "(member_id = $2 OR credited_member_id = $2) "
        "AND ($3::uuid IS NULL OR (recorded_at, activity_id) < ("
        "SELECT b.recorded_at, b.activity_id FROM activity b "
        "WHERE b.program_id = $1 AND b.activity_id = $3)) "
        "ORDER BY recorded_at DESC, activity_id DESC LIMIT $4",
        program_id,
        member_id,
        before,
        limit,
    )


async def _list(session: AsyncSession, condition: str, *values: Any) -> list[Activity]:
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {_FIELDS} FROM activity WHERE program_id = $1 AND {condition}", *values
    )
    return [Activity(**dict(row)) for row in rows]


async def is_referred(session: AsyncSession, program_id: UUID, member_ids: Sequence[UUID]) -> bool:
    """Whether somebody brought one of the members, whose accounts the caller has locked."""
    connection = await driver(session)
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM activity WHERE program_id = $1 "
            "AND referred_id = ANY ($2::uuid[]))",
            program_id,
            member_ids,
        )
    )


async def insert_activities(
    session: AsyncSession, program_id: UUID, activities: Sequence[Activity]
) -> None:
    """Keep them, beside their postings."""
    connection = await driver(session)
    rows = [
        {
            "program_id": program_id,
            **asdict(activity),
            "request_hash": f"\\x{activity.request_hash.hex()}",
        }
        for activity in activities
    ]
    await connection.execute(
        "INSERT INTO activity "
        "SELECT * FROM json_populate_recordset(NULL::activity, $1::text::json)",
        json.dumps(rows, default=str),
    )


async def load_times(
    session: AsyncSession,
    program_id: UUID,
    accounts: Mapping[UUID, Account],
    periods: Sequence[str],
) -> None:
    """Give locked accounts how often they earned in these periods."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT account_id, cap, period, points, times, last_at FROM cap_usage "
        "WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) AND period = ANY ($3::text[]) "
        "AND cap LIKE 'activity:%'",
        program_id,
        sorted(accounts),
        periods,
    )
    keep_usages(accounts, rows)
