"""The news that messages reached their members, written as JSON by hand.

There is one for every message. A test holds the text against the model.
"""

from collections.abc import Iterable
from datetime import datetime
from json.encoder import encode_basestring
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.messages import DueMessage
from shared.contracts.notifications import MessageDelivered
from shared.outbox import ReadyNews, tell


async def tell_delivered(
    session: AsyncSession, delivered: Iterable[tuple[DueMessage, UUID]], now: datetime
) -> None:
    """Tell each message with the event id that its row holds, under the rows' locks.

    The news carries the correlation and trace of what caused the message, not of the job.
    """
    await tell(session, [delivered_news(due, event_id, now) for due, event_id in delivered])


def delivered_news(due: DueMessage, event_id: UUID, now: datetime) -> ReadyNews:
    """The event of a message that went out `now`."""
    member_id = str(due.member_id)
    data = (
        f'{{"program_id":"{due.program_id}","message_id":"{due.message_id}",'
        f'"member_id":"{member_id}","channel":"{due.channel.value}",'
        f'"template":{encode_basestring(due.template_name)},"cause_kind":"{due.kind.value}",'
        f'"cause_id":{encode_basestring(due.cause_id)},"delivered_at":"{now.isoformat()}"}}'
    )
    return ReadyNews(
        due.program_id,
        event_id,
        MessageDelivered.TYPE,
        MessageDelivered.TOPIC,
        member_id,
        data,
        now,
        due.correlation_id,
        due.traceparent,
    )
