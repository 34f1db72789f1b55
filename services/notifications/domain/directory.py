"""Copies of what other services own, as far as messages need them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.notifications.domain.errors import TimeZoneUnknown


@dataclass(frozen=True, slots=True)
class Mall:
    """A mall as it was last told. `time_zone` is an IANA name."""

    mall_id: UUID
    name: str
    time_zone: str
    revision: int


@dataclass(frozen=True, slots=True)
class TierScheme:
    """The names of a programme's tiers by code, as last told."""

    version: int
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A member as membership tells them."""

    member_id: UUID
    member_number: str
    locale: str
    enrolled_at: datetime
    home_mall_id: UUID | None


@dataclass(frozen=True, slots=True)
class Directory:
    """What the programme's copies say at the moment of sending.

    `time_zones` are by mall, in the order of mall ids; `home_malls` are by member.
    """

    known_members: frozenset[UUID] = frozenset()
    home_malls: Mapping[UUID, UUID] = field(default_factory=dict)
    tier_names: Mapping[str, str] = field(default_factory=dict)
    time_zones: Mapping[UUID, str] = field(default_factory=dict)

    def local_day(self, at: datetime, mall_id: UUID | None, member_id: UUID) -> date:
        """The day in the mall it happened in, else the member's, else any of the programme's.

        UTC when the programme has no mall at all.
        """
        for mall in (mall_id, self.home_malls.get(member_id), next(iter(self.time_zones), None)):
            if mall is not None and mall in self.time_zones:
                return at.astimezone(ZoneInfo(self.time_zones[mall])).date()
        return at.date()


def check_time_zone(name: str) -> None:
    """Raise `TimeZoneUnknown` unless days and hours can be told in it."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeZoneUnknown("The time zone is not an IANA name.") from error
