"""What notifications says: which message reached a member's inbox or channel."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event

DELIVERIES = "notifications.deliveries"


class MessageDelivered(Event):
    """A message left through `channel`; its text is not told, for it may be personal."""

    TYPE: ClassVar[str] = "message.delivered.v1"
    TOPIC: ClassVar[str] = DELIVERIES
    KEY: ClassVar[tuple[str, ...]] = ("member_id",)

    message_id: UUID
    member_id: UUID
    channel: str
    template: str
    cause_kind: str
    cause_id: str
    delivered_at: datetime
