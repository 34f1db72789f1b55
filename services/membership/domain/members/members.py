"""A member's record, and the rules of joining."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.membership.domain.members.errors import EnrolledAtNotAllowed, EnrolledInFuture

Channel = Literal["store", "app", "web", "mini_program", "pos", "import"]
Locale = Literal["zh-CN", "en"]


@dataclass(frozen=True, slots=True)
class EnrolWanted:
    """Somebody who wants to join. `phone` as it was typed; `home_mall` is a mall's code."""

    phone: str
    channel: Channel
    locale: Locale = "zh-CN"
    name: str | None = None
    birthday: date | None = None
    home_mall: str | None = None
    enrolled_at: datetime | None = None

    def __repr__(self) -> str:
        return f"EnrolWanted(channel={self.channel!r}, …)"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The member that a phone now leads to; `is_new` when this request made them."""

    member_id: UUID
    member_number: str
    enrolled_at: datetime
    tier: str
    is_new: bool


def joined_at(wanted: EnrolWanted, now: datetime) -> datetime:
    """When the member joined: imports may say so, everybody else joins now."""
    if wanted.enrolled_at is None:
        return now
    if wanted.channel != "import":
        raise EnrolledAtNotAllowed("`enrolled_at` is for the channel import only.")
    if wanted.enrolled_at > now:
        raise EnrolledInFuture("`enrolled_at` lies in the future.")
    return wanted.enrolled_at
