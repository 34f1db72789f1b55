"""Message rows on their way: claimed when due, decided, sent, read."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.dispatch import Decision
from services.notifications.domain.gate import Verdict
from services.notifications.domain.messages import Channel, DueMessage, State
from shared.db import driver

_COLUMNS = """program_id, message_id, member_id, cause_kind, cause_id, occurred_at, channel, locale,
    template_version, facts::text, planned_at, sent_at, correlation_id, traceparent"""


async def lock_due_messages(
    session: AsyncSession, now: datetime, channel: Channel, count_max: int
) -> list[DueMessage]:
    """Take due messages that nobody else holds, oldest first, of all programmes (a job's claim)."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM message
        WHERE channel = $1 AND state IN ('planned', 'sending') AND due_at <= $2
        ORDER BY due_at, message_id LIMIT $3 FOR UPDATE SKIP LOCKED
        """,
        channel.value,
        now,
        count_max,
    )
    return [_due_message(row) for row in rows]


def _due_message(row: Any) -> DueMessage:
    return DueMessage(
        program_id=row["program_id"],
        message_id=row["message_id"],
        member_id=row["member_id"],
        kind=CauseKind(row["cause_kind"]),
        cause_id=row["cause_id"],
        occurred_at=row["occurred_at"],
        channel=Channel(row["channel"]),
        locale=row["locale"],
        template_version=row["template_version"],
        facts=json.loads(row["facts"]),
        planned_at=row["planned_at"],
        sent_at=row["sent_at"],
        correlation_id=row["correlation_id"],
        traceparent=row["traceparent"],
    )


async def update_decided(
    session: AsyncSession,
    program_id: UUID,
    decisions: Sequence[Decision],
    now: datetime,
    lease: timedelta,
) -> int:
    """Write what the gate decided; what goes out is leased until it is confirmed."""
    connection = await driver(session)
    status = await connection.execute(
        """
        UPDATE message SET state = d.state, reason = d.reason, verdicts = d.verdicts::json,
            due_at = d.due_at, title = d.title, body = d.body, attempts = attempts + 1
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                    $8::text[]) AS d (message_id, state, reason, verdicts, due_at, title, body)
        WHERE message.program_id = $1 AND message.message_id = d.message_id
        """,
        program_id,
        [d.due.message_id for d in decisions],
        [d.state.value for d in decisions],
        [d.reason for d in decisions],
        [verdicts_json(d.verdicts) for d in decisions],
        [now + lease if d.state is State.SENDING else d.due_at for d in decisions],
        [d.wording.title if d.wording else None for d in decisions],
        [d.wording.body if d.wording else None for d in decisions],
    )
    return int(status.rsplit(" ", 1)[-1])


async def insert_into_inbox(
    session: AsyncSession,
    program_id: UUID,
    decisions: Sequence[Decision],
    event_ids: Sequence[UUID],
    now: datetime,
) -> int:
    """Make the messages visible to their members: for the inbox this is the sending itself."""
    connection = await driver(session)
    status = await connection.execute(
        """
        UPDATE message SET state = 'sent', reason = NULL, verdicts = d.verdicts::json,
            title = d.title, body = d.body, attempts = attempts + 1, sent_at = $7,
            delivered_event_id = d.event_id
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[])
            AS d (message_id, verdicts, title, body, event_id)
        WHERE message.program_id = $1 AND message.message_id = d.message_id
        """,
        program_id,
        [d.due.message_id for d in decisions],
        [verdicts_json(d.verdicts) for d in decisions],
        [d.wording.title if d.wording else None for d in decisions],
        [d.wording.body if d.wording else None for d in decisions],
        event_ids,
        now,
    )
    return int(status.rsplit(" ", 1)[-1])


async def mark_sent(
    session: AsyncSession,
    program_id: UUID,
    message_ids: Sequence[UUID],
    event_ids: Sequence[UUID],
    now: datetime,
) -> set[UUID]:
    """Confirm what a channel took. Returns those that nobody had confirmed before."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        WITH mine AS (
            SELECT message_id FROM message
            WHERE program_id = $1 AND message_id = ANY ($2::uuid[]) AND state = 'sending'
            ORDER BY message_id FOR UPDATE
        )
        UPDATE message SET state = 'sent', sent_at = $4, delivered_event_id = c.event_id
        FROM mine JOIN unnest($2::uuid[], $3::uuid[]) AS c (message_id, event_id) USING (message_id)
        WHERE message.program_id = $1 AND message.message_id = mine.message_id
        RETURNING message.message_id
        """,
        program_id,
        message_ids,
        event_ids,
        now,
    )
    return {row["message_id"] for row in rows}


async def mark_read(
    session: AsyncSession,
    program_id: UUID,
    member_id: UUID,
    now: datetime,
    message_id: UUID | None,
) -> int:
    """Mark one inbox message, or all of them, read; those read before keep their instant.

    Rows are locked in id order, so that two devices of one member cannot block each other.
    Returns how many became read.
    """
    connection = await driver(session)
    status = await connection.execute(
        """
        WITH unread AS (
            SELECT message_id FROM message
            WHERE program_id = $1 AND member_id = $2 AND state = 'sent' AND channel = 'inbox'
              AND read_at IS NULL AND ($4::uuid IS NULL OR message_id = $4)
            ORDER BY message_id FOR UPDATE
        )
        UPDATE message SET read_at = $3 FROM unread
        WHERE message.program_id = $1 AND message.message_id = unread.message_id
        """,
        program_id,
        member_id,
        now,
        message_id,
    )
    return int(status.rsplit(" ", 1)[-1])


@lru_cache(maxsize=256)
def verdicts_json(verdicts: tuple[Verdict, ...]) -> str:
    """The `verdicts` column; most messages pass every check."""
    return json.dumps(
        [
            {
                "check": v.check,
                "outcome": v.outcome.value,
                "reason": v.reason,
                "until": v.until.isoformat() if v.until else None,
            }
            for v in verdicts
        ]
    )
