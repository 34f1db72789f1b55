"""Message rows at their beginning: planned, or waiting for their member."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.causes import Cause
from services.notifications.domain.dispatch import Decision
from services.notifications.domain.messages import Channel
from services.notifications.storage.deliveries import verdicts_json
from shared.db import driver

_json_of = json.JSONEncoder(ensure_ascii=False).encode


class Plan(NamedTuple):
    """A message to be. Without a locale it waits for its member."""

    message_id: UUID
    cause: Cause
    channel: Channel
    locale: str | None
    template_version: int | None


async def insert_plans(
    session: AsyncSession,
    program_id: UUID,
    plans: Sequence[Plan],
    shown: Mapping[UUID, Decision],
    now: datetime,
) -> Sequence[UUID]:
    """Insert those whose cause was not told before. Returns the ids of those inserted.

    The unique key (member, cause, step, channel) is what makes a message once for ever. Those in
    `shown` are in their members' inboxes with this; their news has the message's id.
    """
    connection = await driver(session)
    decisions = [shown.get(p.message_id) for p in plans]
    wordings = [d.wording if d else None for d in decisions]
    rows = await connection.fetch(
        """
        INSERT INTO message (program_id, message_id, member_id, cause_kind, cause_id, step,
            channel, state, locale, template_version, facts, occurred_at, created_at, planned_at,
            due_at, correlation_id, traceparent, verdicts, title, body, sent_at, attempts,
            delivered_event_id)
        SELECT $1, message_id, member_id, cause_kind, cause_id, step, channel,
            CASE WHEN locale IS NULL THEN 'waiting_member' WHEN title IS NULL THEN 'planned'
                 ELSE 'sent' END,
            locale, template_version, facts::json, occurred_at, $2,
            CASE WHEN locale IS NOT NULL THEN $2::timestamptz END, $2,
            correlation_id, traceparent, verdicts::json, title, body,
            CASE WHEN title IS NOT NULL THEN $2::timestamptz END,
            CASE WHEN title IS NOT NULL THEN 1 ELSE 0 END,
            CASE WHEN title IS NOT NULL THEN message_id END
        FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::int[], $8::text[],
                    $9::text[], $10::int[], $11::text[], $12::timestamptz[], $13::text[],
                    $14::text[], $15::text[], $16::text[], $17::text[])
            AS p (message_id, member_id, cause_kind, cause_id, step, channel, locale,
                  template_version, facts, occurred_at, correlation_id, traceparent, verdicts,
                  title, body)
        ON CONFLICT (program_id, member_id, cause_kind, cause_id, step, channel) DO NOTHING
        RETURNING message_id
        """,
        program_id,
        now,
        [p.message_id for p in plans],
        [p.cause.member_id for p in plans],
        [p.cause.kind.value for p in plans],
        [p.cause.cause_id for p in plans],
        [p.cause.step for p in plans],
        [p.channel.value for p in plans],
        [p.locale for p in plans],
        [p.template_version for p in plans],
        [_json_of(dict(p.cause.facts)) for p in plans],
        [p.cause.occurred_at for p in plans],
        [p.cause.correlation_id for p in plans],
        [p.cause.traceparent for p in plans],
        [verdicts_json(d.verdicts) if d else None for d in decisions],
        [w.title if w else None for w in wordings],
        [w.body if w else None for w in wordings],
    )
    return [row["message_id"] for row in rows]


async def plan_waiting(
    session: AsyncSession,
    program_id: UUID,
    locales: Mapping[UUID, str],
    versions: Mapping[tuple[str, str], int],
    now: datetime,
) -> int:
    """Complete what waited for these members, whose rows are locked. Returns how many rows."""
    connection = await driver(session)
    status = await connection.execute(
        """
        UPDATE message SET state = 'planned', locale = k.locale, planned_at = $4, due_at = $4,
            template_version = coalesce(
                (SELECT v.version
                 FROM unnest($5::text[], $6::text[], $7::int[]) AS v (cause, locale, version)
                 WHERE v.cause = message.cause_kind AND v.locale = k.locale), 0)
        FROM unnest($2::uuid[], $3::text[]) AS k (member_id, locale)
        WHERE message.program_id = $1 AND message.member_id = k.member_id
          AND message.state = 'waiting_member'
        """,
        program_id,
        list(locales),
        list(locales.values()),
        now,
        [cause for cause, _ in versions],
        [locale for _, locale in versions],
        list(versions.values()),
    )
    return int(status.rsplit(" ", 1)[-1])
