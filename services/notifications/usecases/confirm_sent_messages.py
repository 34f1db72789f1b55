"""A channel outside took messages: they are sent, and it is told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.messages import OutgoingMessage
from services.notifications.storage.deliveries import mark_sent
from services.notifications.storage.news import tell_delivered
from shared.ids import new_id


async def confirm_sent_messages(
    session: AsyncSession, now: datetime, outgoing: Sequence[OutgoingMessage]
) -> int:
    """Mark and tell those not confirmed before. Returns how many.

    Two workers may have handed over the same message, when the first outlived its lease: the one
    that confirms first tells it, so that the news comes once though the channel saw it twice.
    """
    confirmed = 0
    for program_id in sorted({o.due.program_id for o in outgoing}):
        due = [o.due for o in outgoing if o.due.program_id == program_id]
        event_ids = [new_id() for _ in due]
        fresh = await mark_sent(session, program_id, [d.message_id for d in due], event_ids, now)
        told = [pair for pair in zip(due, event_ids, strict=True) if pair[0].message_id in fresh]
        await tell_delivered(session, told, now)
        confirmed += len(told)
    return confirmed
