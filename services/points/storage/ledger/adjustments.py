"""Adjustments by staff, one for each idempotency key, for ever; and the rules for them."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.adjustments import (
    Adjustment,
    AdjustmentRules,
    ReasonCode,
    Unchecked,
)
from shared.db import Collision, driver

_COLUMNS = (
    "adjustment_id, account_id AS member_id, kind, status, points, reason_code, note, evidence, "
    "made_by, request_hash, recorded_at, version, balance_after, checked_by, checked_at, "
    "check_note, wallet, terms"
)


async def find_adjustment_by_key(
    session: AsyncSession, program_id: UUID, made_by: str, idempotency_key: str
) -> Adjustment | None:
    """What this person made under this key."""
    condition = "made_by = $2 AND idempotency_key = $3"
    return await _find(session, condition, program_id, made_by, idempotency_key)


async def find_adjustment(
    session: AsyncSession, program_id: UUID, adjustment_id: UUID
) -> Adjustment | None:
    """By its id. Its account's lock guards it."""
    return await _find(session, "adjustment_id = $2", program_id, adjustment_id)


async def _find(session: AsyncSession, condition: str, *values: Any) -> Adjustment | None:
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM adjustment WHERE program_id = $1 AND {condition}", *values
    )
    return None if row is None else Adjustment(**dict(row))


async def list_adjustments(
    session: AsyncSession,
    program_id: UUID,
    member_id: UUID | None,
    status: str | None,
    before: UUID | None,
    limit: int,
) -> list[Adjustment]:
    """The newest first: of one member or of all, in one status or in any."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM adjustment WHERE program_id = $1 "
        "AND ($2::uuid IS NULL OR account_id = $2) AND ($3::text IS NULL OR status = $3) "
        "AND ($4::uuid IS NULL OR adjustment_id < $4) ORDER BY adjustment_id DESC LIMIT $5",
        program_id,
        member_id,
        status,
        before,
        limit,
    )
    return [Adjustment(**dict(row)) for row in rows]


async def insert_adjustment(
    session: AsyncSession, program_id: UUID, idempotency_key: str, made: Adjustment
) -> None:
    """Store it. Raises `Collision` when the key is being used for another member right now."""
    connection = await driver(session)
    try:
        await connection.execute(
            """
            INSERT INTO adjustment (program_id, adjustment_id, idempotency_key, request_hash,
                                    account_id, points, version, balance_after, reason_code,
                                    note, made_by, recorded_at, kind, status, evidence,
                                    wallet, terms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                    $17::text::json)
            """,
            program_id,
            made.adjustment_id,
            idempotency_key,
            made.request_hash,
            made.member_id,
            made.points,
            made.version,
            made.balance_after,
            made.reason_code,
            made.note,
            made.made_by,
            made.recorded_at,
            made.kind,
            made.status,
            made.evidence,
            made.wallet,
            None if made.terms is None else json.dumps(made.terms),
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("The same Idempotency-Key is being used right now.") from error


async def sum_unchecked(
    session: AsyncSession, program_id: UUID, member_id: UUID, made_by: str, now: datetime
) -> Unchecked:
    """Of the member, whose account is locked."""
    connection = await driver(session)
    row = await connection.fetchrow(
        """
        SELECT coalesce(sum(points) FILTER (WHERE points > 0), 0)::bigint AS given,
               coalesce(-sum(points) FILTER (WHERE points < 0), 0)::bigint
               + (SELECT coalesce(sum((l.reason ->> 'shortened')::bigint), 0)::bigint
                  FROM lot_change l WHERE l.program_id = $1 AND l.account_id = $2
                  AND l.recorded_at > $4 AND l.reason ->> 'made_by' = $3) AS taken
        FROM adjustment WHERE program_id = $1 AND account_id = $2 AND made_by = $3
          AND recorded_at > $4 AND status = 'posted' AND checked_by IS NULL
        """,
        program_id,
        member_id,
        made_by,
        now - timedelta(days=1),
    )
    return Unchecked(row["given"], row["taken"])


async def close_adjustment(session: AsyncSession, program_id: UUID, checked: Adjustment) -> None:
    """Somebody approved or rejected it."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE adjustment SET status = $3, version = $4, balance_after = $5, checked_by = $6, "
        "checked_at = $7, check_note = $8, account_id = $9 "
        "WHERE program_id = $1 AND adjustment_id = $2",
        program_id,
        checked.adjustment_id,
        checked.status,
        checked.version,
        checked.balance_after,
        checked.checked_by,
        checked.checked_at,
        checked.check_note,
        checked.member_id,
    )


async def find_rules(session: AsyncSession, program_id: UUID) -> AdjustmentRules | None:
    """The rules in force, or None when the programme has set none."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT version, spec FROM adjustment_rules WHERE program_id = $1 "
        "ORDER BY version DESC LIMIT 1",
        program_id,
    )
    if row is None:
        return None
    spec = row["spec"]
    codes = tuple(ReasonCode(**reason) for reason in spec["reason_codes"])
    return AdjustmentRules(row["version"], spec["points_unchecked_max"], codes)


async def insert_rules(
    session: AsyncSession, program_id: UUID, rules: AdjustmentRules, made_by: str, now: datetime
) -> None:
    """Keep the next version. Raises `Collision` when somebody sets rules at the same time."""
    connection = await driver(session)
    spec = {
        "points_unchecked_max": rules.points_unchecked_max,
        "reason_codes": [asdict(reason) for reason in rules.reason_codes],
    }
    try:
        await connection.execute(
            "INSERT INTO adjustment_rules (program_id, version, spec, recorded_at, recorded_by) "
            "VALUES ($1, $2, $3::text::json, $4, $5)",
            program_id,
            rules.version,
            json.dumps(spec),
            now,
            made_by,
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("Somebody else is setting these rules right now.") from error
