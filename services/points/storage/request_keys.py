"""The answers to requests with an Idempotency-Key, kept beside their effects, for ever."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.errors import IdempotencyKeyReused
from shared.db import Collision, driver


def hash_request(*parts: object) -> bytes:
    """Tells a repeat from another request with the same key. Say who asks among the parts.

    It is stored and compared for ever: name values whose text no change of the code changes, in a
    fixed order; a part that is new comes last, and only where it is asked for.
    """
    text = json.dumps([str(part) for part in parts])
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


async def find_answer(
    session: AsyncSession,
    program_id: UUID,
    operation: str,
    key: str,
    request_hash: bytes,
    *,
    former: str | None = None,
) -> dict[str, Any] | None:
    """What was answered under this key, or None. Raises `IdempotencyKeyReused`. `former` is how the
    operation was called before its name said whose keys they are: what was answered then is found
    by the same request, and another's is not looked at.

    Look under the lock that the effect takes, so that of two who ask at once the second finds it.
    """
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT operation, request_hash, answer FROM request_key WHERE program_id = $1 "
        "AND operation = ANY ($2::text[]) AND idempotency_key = $3",
        program_id,
        [operation] if former is None else [operation, former],
        key,
    )
    found = {row["operation"]: row for row in rows}
    if (row := found.get(operation)) is not None and row["request_hash"] != request_hash:
        raise IdempotencyKeyReused("This Idempotency-Key came with another body before.")
    for row in rows:
        if row["request_hash"] == request_hash:
            answer: dict[str, Any] = row["answer"]
            return answer
    return None


async def keep_answer(
    session: AsyncSession,
    program_id: UUID,
    operation: str,
    key: str,
    request_hash: bytes,
    answer: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep it with its effect. Raises `Collision` when the key is being used elsewhere now."""
    connection = await driver(session)
    try:
        await connection.execute(
            "INSERT INTO request_key (program_id, operation, idempotency_key, request_hash, "
            "answer, recorded_at) VALUES ($1, $2, $3, $4, $5::text::json, $6)",
            program_id,
            operation,
            key,
            request_hash,
            json.dumps(answer),
            now,
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("The same Idempotency-Key is being used right now.") from error


async def claim_keys(
    session: AsyncSession, program_id: UUID, operation: str, keys: Sequence[str], now: datetime
) -> set[str]:
    """Natural keys of events that have no answer: which of them are new. They are kept for ever.

    Claim them under the lock that the effect takes, in ascending order.
    """
    connection = await driver(session)
    rows = await connection.fetch(
        "INSERT INTO request_key (program_id, operation, idempotency_key, request_hash, answer, "
        "recorded_at) SELECT $1, $2, k, ''::bytea, '{}', $4 FROM unnest($3::text[]) k ORDER BY k "
        "ON CONFLICT DO NOTHING RETURNING idempotency_key",
        program_id,
        operation,
        keys,
        now,
    )
    return {row["idempotency_key"] for row in rows}
