"""Events put aside: what is kept of them, and how they are worked or given up later."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.consumer.delivery import BehindParked, Handlers, Message, Undecodable, decode
from shared.contracts.event import KEY_BLOCKING_TOPICS
from shared.db import is_passing
from shared.errors import Unavailable
from shared.inbox import DeadLetter
from shared.logs import correlation_id, get_log, trace_parent

log = get_log()

_COLUMNS = "id, program_id, topic, key, value, headers::text AS headers"
# What has no programme could not be read, and tells nothing about anybody.
_OPEN = (
    "consumer = :consumer AND (program_id = :program_id OR program_id IS NULL) "
    "AND resolved_at IS NULL"
)


def dead_letter_of(message: Message, reason: str, error: str) -> DeadLetter:
    """What to keep of a message, whatever its bytes are."""
    return DeadLetter(
        program_id=message.program_id,
        topic=message.topic,
        partition=message.record.partition,
        offset=message.record.offset,
        key=message.key,
        event_id=message.event_id,
        type=message.type or None,
        value=message.record.value or b"",
        headers=message.headers,
        reason=reason,
        error=error,
    )


async def replay_dead_letter(
    session: AsyncSession,
    consumer: str,
    handlers: Handlers,
    now: datetime,
    letter_id: int,
    program_id: UUID,
) -> bool:
    """Work a parked event again and resolve it, in the caller's transaction; then those behind it.

    Its inbox claim was made when it was parked; the row's lock keeps two replays apart. Raises
    what the handler raises, so that the letter stays open; `Undecodable`; and `BehindParked` when
    an earlier one of its key must go first. False when there is no such letter.
    """
    letter = await _lock_open(session, consumer, letter_id, program_id)
    if letter is None:
        return False
    if letter.topic in KEY_BLOCKING_TOPICS and await _is_behind(session, consumer, letter):
        raise BehindParked("An earlier event of the same key is parked. Replay that one first.")
    await _work(session, handlers, now, letter)
    await _resolve(session, now, letter.id, "replayed")
    await _work_those_behind(session, consumer, handlers, now, letter)
    return True


async def discard_dead_letter(
    session: AsyncSession,
    consumer: str,
    handlers: Handlers,
    now: datetime,
    letter_id: int,
    program_id: UUID,
) -> bool:
    """Give a parked event up, so that those behind it go on. False when there is no such letter."""
    letter = await _lock_open(session, consumer, letter_id, program_id)
    if letter is None:
        return False
    await _resolve(session, now, letter.id, "discarded")
    await _work_those_behind(session, consumer, handlers, now, letter)
    return True


async def _lock_open(
    session: AsyncSession, consumer: str, letter_id: int, program_id: UUID
) -> Any | None:
    rows = await session.execute(
        text(f"SELECT {_COLUMNS} FROM dead_letter WHERE id = :id AND {_OPEN} FOR UPDATE"),
        {"id": letter_id, "consumer": consumer, "program_id": program_id},
    )
    return rows.one_or_none()


async def _is_behind(session: AsyncSession, consumer: str, letter: Any) -> bool:
    earlier = await session.scalar(
        text(
            f"SELECT EXISTS (SELECT 1 FROM dead_letter WHERE topic = :topic AND key = :key "
            f"AND id < :id AND {_OPEN})"
        ),
        _place(consumer, letter),
    )
    return bool(earlier)


async def _work_those_behind(
    session: AsyncSession, consumer: str, handlers: Handlers, now: datetime, letter: Any
) -> None:
    """Work what waits on the key of `letter`, in order, up to the first that was itself parked or
    that fails now. A letter without a programme held back every programme's."""
    rows: Sequence[Any] = (
        await session.execute(
            text(
                f"SELECT {_COLUMNS}, reason FROM dead_letter "
                "WHERE consumer = :consumer AND topic = :topic AND key = :key "
                "AND resolved_at IS NULL AND (program_id = :program_id OR program_id IS NULL "
                "OR cast(:program_id AS uuid) IS NULL) ORDER BY id FOR UPDATE"
            ),
            _place(consumer, letter),
        )
    ).all()
    held: set[UUID | None] = set()
    for row in rows:
        if held & {None, row.program_id}:
            continue
        if row.reason != BehindParked.code or not await _try(session, handlers, now, row):
            held.add(row.program_id)


async def _try(session: AsyncSession, handlers: Handlers, now: datetime, letter: Any) -> bool:
    try:
        async with session.begin_nested():
            await _work(session, handlers, now, letter)
            await _resolve(session, now, letter.id, "replayed")
    except Exception as error:
        if isinstance(error, Unavailable) or is_passing(error):
            raise
        log.error("dead_letter_stays", letter=letter.id, error=repr(error))
        return False
    return True


async def _work(session: AsyncSession, handlers: Handlers, now: datetime, letter: Any) -> None:
    delivery = decode(json.loads(letter.headers), letter.value)
    handler = handlers.get(type(delivery.event))
    if handler is None:
        raise Undecodable(f"Nobody here works a {delivery.event.TYPE} any more.")
    correlation_id.set(delivery.correlation_id)
    trace_parent.set(delivery.traceparent)
    await handler(session, now, [delivery])


async def _resolve(session: AsyncSession, now: datetime, letter_id: int, resolution: str) -> None:
    await session.execute(
        text("UPDATE dead_letter SET resolved_at = :now, resolution = :said WHERE id = :id"),
        {"now": now, "said": resolution, "id": letter_id},
    )


def _place(consumer: str, letter: Any) -> dict[str, Any]:
    return {
        "consumer": consumer,
        "program_id": letter.program_id,
        "topic": letter.topic,
        "key": letter.key,
        "id": letter.id,
    }
