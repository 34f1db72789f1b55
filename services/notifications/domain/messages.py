"""A message: one cause, told to one member through one channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.wording import Wording


class Channel(StrEnum):
    """`inbox` is the member's list in the app; `file` is a JSON-lines file for development."""

    INBOX = "inbox"
    FILE = "file"


DEFAULT_CHANNELS = (Channel.INBOX,)


class State(StrEnum):
    """Where a message stands.

    `waiting_member`: the member is not known here yet, so neither is the language. `planned`: to
    be sent when due. `sending`: handed to a channel outside; unless confirmed, handed over again
    when the lease ends. `sent`, `failed` and `suppressed` are final.
    """

    WAITING_MEMBER = "waiting_member"
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class DueMessage(NamedTuple):
    """What the gate and the channels need of a message whose time has come."""

    program_id: UUID
    message_id: UUID
    member_id: UUID
    kind: CauseKind
    cause_id: str
    occurred_at: datetime
    channel: Channel
    locale: str
    template_version: int
    facts: Mapping[str, Any]
    planned_at: datetime
    sent_at: datetime | None
    correlation_id: str
    traceparent: str

    @property
    def template_name(self) -> str:
        """Which words were used, for people and for the news: `tier_up/zh-CN/3`."""
        return f"{self.kind}/{self.locale}/{self.template_version}"


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message with its words, on its way to a channel outside. Its id never changes."""

    due: DueMessage
    wording: Wording
