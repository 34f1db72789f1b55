"""Idempotency keys: the first lock of a request, and its stored answer."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.desk.errors import IdempotencyKeyReused
from shared.db import driver


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The sender's key for one operation, with a hash of what was sent."""

    operation: str
    key: str
    input_hash: str


def request_key(operation: str, key: str, content: str) -> RequestKey:
    """The key with the hash of `content`."""
    return RequestKey(operation, key, hashlib.sha256(content.encode()).hexdigest())


async def take_request_key(
    session: AsyncSession, program_id: UUID, now: datetime, request: RequestKey
) -> dict[str, Any] | None:
    """The stored answer to this very request, or None when it is new and now ours to answer.

    Of two at once the second waits here for the first. Raises `IdempotencyKeyReused`.
    """
    connection = await driver(session)
    is_ours = await connection.fetchval(
        "INSERT INTO request_key (program_id, operation, key, input_hash, made_at) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING true",
        program_id,
        request.operation,
        request.key,
        request.input_hash,
        now,
    )
    if is_ours:
        return None
    row = await connection.fetchrow(
        "SELECT input_hash, answer FROM request_key "
        "WHERE program_id = $1 AND operation = $2 AND key = $3",
        program_id,
        request.operation,
        request.key,
    )
    if row["input_hash"] != request.input_hash:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    answer: dict[str, Any] = row["answer"]
    return answer


async def keep_answer(
    session: AsyncSession, program_id: UUID, request: RequestKey, answer: dict[str, Any]
) -> None:
    """Store what the request was answered, in the transaction of its effect."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE request_key SET answer = $4 WHERE program_id = $1 AND operation = $2 AND key = $3",
        program_id,
        request.operation,
        request.key,
        json.dumps(answer, ensure_ascii=False),
    )


async def forget_request_keys(session: AsyncSession, before: datetime) -> int:
    """Drop up to 10,000 keys made before `before`, of all programmes. Returns how many."""
    connection = await driver(session)
    rows = await connection.fetch(
        "DELETE FROM request_key WHERE (program_id, operation, key) IN (SELECT program_id, "
        "operation, key FROM request_key WHERE made_at < $1 LIMIT 10000) RETURNING 1",
        before,
    )
    return len(rows)
