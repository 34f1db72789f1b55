"""The news that messages reached their members."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.messages import DueMessage
from shared.contracts.notifications import MessageDelivered
from shared.outbox import News, tell


async def tell_delivered(
    session: AsyncSession, delivered: Iterable[tuple[DueMessage, UUID]], now: datetime
) -> None:
    """Tell each message with the event id that its row holds, under the rows' locks.

    The news carries the correlation and trace of what caused the message, not of the job.
    """
    await tell(
        session,
        [
            News(
                MessageDelivered(
                    program_id=due.program_id,
                    message_id=due.message_id,
                    member_id=due.member_id,
                    channel=due.channel.value,
                    template=due.template_name,
                    cause_kind=due.kind.value,
                    cause_id=due.cause_id,
                    delivered_at=now,
                ),
                occurred_at=now,
                correlation_id=due.correlation_id,
                traceparent=due.traceparent,
                event_id=event_id,
            )
            for due, event_id in delivered
        ],
    )
