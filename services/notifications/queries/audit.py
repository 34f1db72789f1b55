"""Messages as staff see them: what caused each, and what became of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver

_COLUMNS = """message_id, member_id, cause_kind, cause_id, step, channel, state, reason, locale,
    template_version, facts::text, verdicts::text, title, body, occurred_at, created_at, planned_at,
    due_at, sent_at, read_at, attempts, correlation_id"""


async def find_message(
    session: AsyncSession, program_id: UUID, message_id: UUID
) -> Mapping[str, Any] | None:
    """One message of the programme, in any state and channel."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM message WHERE program_id = $1 AND message_id = $2",
        program_id,
        message_id,
    )
    return _read(row) if row else None


async def list_messages(
    session: AsyncSession,
    program_id: UUID,
    *,
    member_id: UUID,
    state: str | None,
    after: UUID | None,
    count_max: int,
) -> Sequence[Mapping[str, Any]]:
    """A member's messages in any state and channel, newest planned first, older than `after`."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM message
        WHERE program_id = $1 AND member_id = $2 AND ($3::text IS NULL OR state = $3)
          AND ($4::uuid IS NULL OR message_id < $4)
        ORDER BY message_id DESC LIMIT $5
        """,
        program_id,
        member_id,
        state,
        after,
        count_max,
    )
    return [_read(row) for row in rows]


def _read(row: Any) -> dict[str, Any]:
    found = dict(row)
    found["facts"] = json.loads(found["facts"])
    found["verdicts"] = json.loads(found["verdicts"]) if found["verdicts"] else []
    return found
