"""Requests that must not happen twice carry an Idempotency-Key."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.api.principals import keys_of
from services.membership.domain.members.sealing import NONCE_BYTES, seal, unseal
from services.membership.storage.idempotency import claim_key, store_answer
from shared.auth import Staff
from shared.ids import new_bytes

Answer = TypeVar("Answer", bound=BaseModel)


async def once(
    request: Request,
    session: AsyncSession,
    now: datetime,
    staff: Staff,
    named: tuple[str, str],
    body: Any,
    status_code: int,
    work: Callable[[], Awaitable[Answer]],
) -> Any:
    """The answer of `work`, or of the same request before. Raises `IdempotencyKeyReused`.

    `named` is the operation and the request's Idempotency-Key.
    The answer is kept sealed, for it may hold a secret that is shown once.
    """
    operation, key = named
    keys = keys_of(request, staff.program_id)
    place = f"answer {operation} {key}"
    input_hash = hashlib.sha256(repr(body).encode()).digest()
    known = await claim_key(session, staff.program_id, operation, key, input_hash, now)
    if known is not None:
        stored = unseal(keys.wrapping, known, place)
        return Response(stored, status_code, media_type="application/json")
    answer = await work()
    text = answer.model_dump_json().encode()
    sealed = seal(keys.wrapping, new_bytes(NONCE_BYTES), text, place)
    await store_answer(session, staff.program_id, operation, key, sealed)
    return answer
