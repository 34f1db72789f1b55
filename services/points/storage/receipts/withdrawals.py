"""Versions of policies that never begin: kept, with who withdrew them, when and why."""

import json
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.withdrawals import PolicyKind, Version, Withdrawal
from shared.db import Collision, driver

_TABLE = {
    PolicyKind.EARNING: "earning_policy",
    PolicyKind.REDEMPTION: "redemption_policy",
}


async def list_versions(
    session: AsyncSession, program_id: UUID, kind: PolicyKind
) -> dict[int, Version]:
    """All versions that were ever stated, oldest first."""
    connection = await driver(session)
    table = _TABLE[kind]
    rows = await connection.fetch(
        f"""
        SELECT p.version, p.effective_from, p.spec, w.recorded_at, w.recorded_by,
               w.spec ->> 'reason' AS reason
        FROM {table} p
        LEFT JOIN {table} w ON w.program_id = p.program_id AND w.withdraws = p.version
        WHERE p.program_id = $1 AND p.withdraws IS NULL ORDER BY p.version
        """,
        program_id,
    )
    return {
        row["version"]: Version(
            row["effective_from"],
            row["spec"],
            None
            if row["reason"] is None
            else Withdrawal(row["recorded_at"], row["recorded_by"], row["reason"]),
        )
        for row in rows
    }


async def find_newest_version(session: AsyncSession, program_id: UUID, kind: PolicyKind) -> int:
    """The last number that was given to a version or to a withdrawal; 0 before the first."""
    connection = await driver(session)
    newest: int = await connection.fetchval(
        f"SELECT coalesce(max(version), 0) FROM {_TABLE[kind]} WHERE program_id = $1", program_id
    )
    return newest


async def insert_withdrawal(
    session: AsyncSession,
    program_id: UUID,
    kind: PolicyKind,
    version: int,
    withdrawal: Withdrawal,
) -> None:
    """Keep it under the next number, so that who adds or withdraws a version at the same time meets
    it. Raises `Collision` for who comes second."""
    connection = await driver(session)
    try:
        await connection.execute(
            f"""
            INSERT INTO {_TABLE[kind]} (program_id, version, effective_from, spec, recorded_at,
                                        recorded_by, withdraws)
            SELECT $1, (SELECT max(version) + 1 FROM {_TABLE[kind]} WHERE program_id = $1),
                   effective_from, $3::text::json, $4, $5, version
            FROM {_TABLE[kind]} WHERE program_id = $1 AND version = $2
            """,
            program_id,
            version,
            json.dumps({"reason": withdrawal.reason}),
            withdrawal.withdrawn_at,
            withdrawal.withdrawn_by,
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("Somebody else is changing these policies right now.") from error
