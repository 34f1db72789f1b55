"""A member's inbox, newest first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver

Place = tuple[datetime, UUID]
_COLUMNS = """message_id, cause_kind AS cause, title, body, locale, occurred_at, sent_at, read_at"""


async def list_inbox(
    session: AsyncSession,
    program_id: UUID,
    member_id: UUID,
    *,
    unread_only: bool,
    after: Place | None,
    count_max: int,
) -> Sequence[Mapping[str, Any]]:
    """Up to `count_max` messages older than the place `after` (sent_at, message id)."""
    connection = await driver(session)
    unread = "AND read_at IS NULL" if unread_only else ""
    at, message_id = after or (None, None)
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM message
        WHERE program_id = $1 AND member_id = $2 AND state = 'sent' AND channel = 'inbox' {unread}
          AND ($3::timestamptz IS NULL OR (sent_at, message_id) < ($3, $4::uuid))
        ORDER BY sent_at DESC, message_id DESC LIMIT $5
        """,
        program_id,
        member_id,
        at,
        message_id,
        count_max,
    )
    return [dict(row) for row in rows]


async def find_inbox_message(
    session: AsyncSession, program_id: UUID, member_id: UUID, message_id: UUID
) -> Mapping[str, Any] | None:
    """One message, if it is in this member's inbox."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"""
        SELECT {_COLUMNS} FROM message
        WHERE program_id = $1 AND message_id = $2 AND member_id = $3
          AND state = 'sent' AND channel = 'inbox'
        """,
        program_id,
        message_id,
        member_id,
    )
    return dict(row) if row else None


async def count_unread(session: AsyncSession, program_id: UUID, member_id: UUID) -> int:
    """How many messages of the inbox have not been read."""
    connection = await driver(session)
    count = await connection.fetchval(
        """
        SELECT count(*) FROM message WHERE program_id = $1 AND member_id = $2
          AND state = 'sent' AND channel = 'inbox' AND read_at IS NULL
        """,
        program_id,
        member_id,
    )
    return int(count)


async def is_member_known(session: AsyncSession, program_id: UUID, member_id: UUID) -> bool:
    """Whether the programme has this member."""
    connection = await driver(session)
    found = await connection.fetchval(
        "SELECT 1 FROM member WHERE program_id = $1 AND member_id = $2", program_id, member_id
    )
    return found is not None
