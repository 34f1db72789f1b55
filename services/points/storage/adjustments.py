"""Adjustments by staff, one for each idempotency key, for ever."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Collision, driver


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An adjustment as stored."""

    adjustment_id: UUID
    member_id: UUID
    points: int
    version: int
    balance_after: int
    reason_code: str
    note: str
    made_by: str
    request_hash: bytes
    recorded_at: datetime


async def find_adjustment(
    session: AsyncSession, program_id: UUID, idempotency_key: str
) -> Adjustment | None:
    """What was made under this key."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT adjustment_id, account_id AS member_id, points, version, balance_after, "
        "reason_code, note, made_by, request_hash, recorded_at FROM adjustment "
        "WHERE program_id = $1 AND idempotency_key = $2",
        program_id,
        idempotency_key,
    )
    return None if row is None else Adjustment(**dict(row))


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
                                    note, made_by, recorded_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
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
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("The same Idempotency-Key is being used right now.") from error
