"""Answers kept beside their effects, so that the same request twice happens once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.errors import IdempotencyKeyReused
from shared.db import driver
from shared.errors import Invariant


async def claim_key(
    session: AsyncSession,
    program_id: UUID,
    operation: str,
    key: str,
    input_hash: bytes,
    now: datetime,
) -> bytes | None:
    """None when the request is new; else the sealed answer. Raises `IdempotencyKeyReused`.

    A second request that comes while the first is still running waits here for its end.
    """
    connection = await driver(session)
    done = await connection.execute(
        "INSERT INTO idempotency (program_id, operation, idempotency_key, input_hash, created_at) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        program_id,
        operation,
        key,
        input_hash,
        now,
    )
    if done == "INSERT 0 1":
        return None
    row = await connection.fetchrow(
        "SELECT input_hash, answer_sealed FROM idempotency "
        "WHERE program_id = $1 AND operation = $2 AND idempotency_key = $3",
        program_id,
        operation,
        key,
    )
    if row["input_hash"] != input_hash:
        raise IdempotencyKeyReused("This Idempotency-Key came with another request before.")
    if row["answer_sealed"] is None:
        raise Invariant("a request was committed without its answer")
    answer: bytes = row["answer_sealed"]
    return answer


async def store_answer(
    session: AsyncSession, program_id: UUID, operation: str, key: str, answer_sealed: bytes
) -> None:
    """Keep the answer in the transaction of the effect."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE idempotency SET answer_sealed = $4 "
        "WHERE program_id = $1 AND operation = $2 AND idempotency_key = $3",
        program_id,
        operation,
        key,
        answer_sealed,
    )


async def forget_answers(session: AsyncSession, before: datetime) -> int:
    """Drop up to 1,000 answers older than `before`. Returns how many."""
    connection = await driver(session)
    done = await connection.execute(
        "DELETE FROM idempotency WHERE ctid IN "
        "(SELECT ctid FROM idempotency WHERE created_at < $1 LIMIT 1000)",
        before,
    )
    return int(done.removeprefix("DELETE "))
