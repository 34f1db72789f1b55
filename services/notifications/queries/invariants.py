"""What must hold of messages, by SQL: each number is a count of rows that break it."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CHECKS: Mapping[str, str] = {
    # The unique key refuses it; counted all the same, for keys can be dropped by hand.
    "I13_one_message_per_member_cause_step_channel": """
        SELECT coalesce(sum(n - 1), 0) FROM (
            SELECT count(*) AS n FROM message
            GROUP BY program_id, member_id, cause_kind, cause_id, step, channel
            HAVING count(*) > 1) AS doubled
    """,
    "sent_has_its_time_and_words": """
        SELECT count(*) FROM message WHERE state = 'sent'
        AND (sent_at IS NULL OR title IS NULL OR body IS NULL OR delivered_event_id IS NULL)
    """,
    # Told rows are dropped with the outbox's old partitions: once the first one is gone, only
    # messages younger than the oldest row left (and an hour, for commits that crossed) count.
    "I8_sent_has_its_outbox_row": """
        SELECT count(*) FROM message AS m
        WHERE m.state = 'sent'
          AND (to_regclass('outbox_0') IS NOT NULL
               OR m.sent_at > (SELECT min(occurred_at) + interval '1 hour' FROM outbox))
          AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.program_id = m.program_id
                          AND o.event_id = m.delivered_event_id
                          AND o.type = 'message.delivered.v1')
    """,
    "I15_nothing_waits_for_a_known_member": """
        SELECT count(*) FROM message AS w
        JOIN member AS k ON k.program_id = w.program_id AND k.member_id = w.member_id
        WHERE w.state = 'waiting_member' AND k.enrolled_at IS NOT NULL
    """,
    "nothing_is_overdue_by_an_hour": """
        SELECT count(*) FROM message
        WHERE state IN ('planned', 'sending') AND due_at < now() - interval '1 hour'
    """,
}


async def check_invariants(session: AsyncSession) -> dict[str, int]:
    """The number of rows that break each invariant, across programmes."""
    return {name: int(await session.scalar(text(sql)) or 0) for name, sql in _CHECKS.items()}
