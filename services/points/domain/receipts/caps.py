"""Limits of what a member earns: caps in points and a cooldown, counted by purchase time.

What counts is what was granted, in the order in which receipts are recorded. A refund gives no
room back: else who buys and returns could earn a day's cap over and over on the same money.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.receipts.receipts import local_day

_DAY_SECONDS = 86_400
_END_SECONDS = 10_000_000_000
# The mall's day lies within a day of the one in Greenwich.
_NEIGHBOURS = (-1, 0, 1)
_DAYS_MAX = 1_000
EVER = "ever"
UsageKey = tuple[str, str]


class CapPeriod(StrEnum):
    """What a cap counts over; `member` is for ever."""

    RECEIPT = "receipt"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    MEMBER = "member"


class Exceeded(StrEnum):
    """What becomes of points over the cap: the part above it, or all of the receipt's, is lost."""

    TRIM = "trim"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `points` in each period. Caps of the same code count on from version to version."""

    code: str
    period: CapPeriod
    points: int
    when_exceeded: Exceeded

    @property
    def usage_code(self) -> str:
        """The name under which it is counted, apart from caps of other things."""
        return f"earn:{self.code}"

    def key_on(self, day: date) -> UsageKey | None:
        """Under what name and in which period it counts on the mall's day."""
        match self.period:
            case CapPeriod.RECEIPT:
                return None
            case CapPeriod.DAY:
                return self.usage_code, day.isoformat()
            case CapPeriod.MONTH:
                return self.usage_code, f"{day:%Y-%m}"
            case CapPeriod.YEAR:
                return self.usage_code, f"{day:%Y}"
            case CapPeriod.MEMBER:
                return self.usage_code, EVER


class Used(NamedTuple):
    """What was granted under a cap in one of its periods."""

    points: int
    times: int
    last_at: datetime


class NewUsage(NamedTuple):
    """Points granted under a cap in one of its periods: added to what was granted before."""

    account_id: UUID
    cap: str
    period: str
    points: int
    times: int
    last_at: datetime


Usages = Mapping[UsageKey, Used]
Note = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """The caps of a policy in the order they are tried, and its cooldown (0 for none)."""

    caps: tuple[Cap, ...] = ()
    cooldown_seconds: int = 0
    _by_day: dict[date, tuple[tuple[Cap, UsageKey | None], ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def on(self, day: date) -> tuple[tuple[Cap, UsageKey | None], ...]:
        """The caps, each with where it counts on that day; one of a receipt counts nowhere."""
        found = self._by_day.get(day)
        if found is None:
            if len(self._by_day) >= _DAYS_MAX:
                self._by_day.clear()
            found = self._by_day[day] = tuple((cap, cap.key_on(day)) for cap in self.caps)
        return found

    def __bool__(self) -> bool:
        return bool(self.caps) or self.cooldown_seconds > 0


NO_LIMITS = Limits()


class Grant(NamedTuple):
    """What is left of a worth, why not all of it, and where it counts."""

    points: int
    notes: list[Note]
    counted: list[UsageKey]


def grant(
    limits: Limits,
    worth: int,
    purchased_at: datetime,
    time_zone: str,
    used: Usages,
    earned_before: int | None = None,
) -> Grant:
    """Cut `worth` down to what the limits leave.

    `earned_before`: the receipt is rated anew and has earned so much, which is among the used;
    the cooldown was judged when it was recorded.
    """
    if worth == 0 and earned_before is None:
        return Grant(0, [], [])
    counted: list[UsageKey] = []
    if limits.cooldown_seconds and earned_before is None:
        code, bucket = _cooldown_key(limits.cooldown_seconds, purchased_at)
        near = _near(limits.cooldown_seconds, code, bucket, purchased_at, used)
        if near is not None:
            note = {"code": "cooldown", "seconds": limits.cooldown_seconds}
            return Grant(0, [{**note, "points": worth, "earned_at": near.isoformat()}], [])
        counted.append((code, str(bucket)))
    points, notes = worth, []
    for cap, key in limits.on(local_day(purchased_at, time_zone)):
        before = 0
        if key is not None:
            counted.append(key)
            # What the receipt earned may have been counted on an account that was merged since.
            before = max(0, (used[key].points if key in used else 0) - (earned_before or 0))
        room = max(0, cap.points - before)
        if points <= room:
            continue
        is_rejected = cap.when_exceeded is Exceeded.REJECT
        left = 0 if is_rejected else room
        notes.append(_exceeded(cap, before, points - left))
        points = left
        if points == 0:
            return Grant(0, notes, [] if earned_before is None else counted)
    return Grant(points, notes, counted)


def _exceeded(cap: Cap, before: int, lost: int) -> Note:
    return {
        "code": "cap_rejected" if cap.when_exceeded is Exceeded.REJECT else "cap_trimmed",
        "cap": cap.code,
        "period": cap.period.value,
        "limit": cap.points,
        "granted_before": before,
        "points": lost,
    }


def _cooldown_key(seconds: int, instant: datetime) -> tuple[str, int]:
    """Grants lie at least `seconds` apart, so that each bucket of that length has one at most:
    also a late receipt finds its neighbours on both sides."""
    return f"earn:cooldown:{seconds}", int(instant.timestamp()) // seconds


def _near(seconds: int, code: str, bucket: int, instant: datetime, used: Usages) -> datetime | None:
    for neighbour in _NEIGHBOURS:
        found = used.get((code, str(bucket + neighbour)))
        if found is not None and abs(found.last_at - instant) < timedelta(seconds=seconds):
            return found.last_at
    return None


def periods_to_read(wanted: Iterable[tuple[Limits, datetime]]) -> list[str]:
    """Every period that purchases at these instants may count in, whatever the malls' zones."""
    periods: set[str] = set()
    days: set[int] = set()
    for limits, instant in wanted:
        seconds = int(instant.timestamp())
        if not _DAY_SECONDS < seconds < _END_SECONDS:
            continue  # A till's clock gone wild: the receipt will be refused.
        if limits.cooldown_seconds:
            bucket = seconds // limits.cooldown_seconds
            periods.update(str(bucket + neighbour) for neighbour in _NEIGHBOURS)
        if limits.caps:
            days.add(seconds // _DAY_SECONDS)
    for number in {day + neighbour for day in days for neighbour in _NEIGHBOURS}:
        day = datetime.fromtimestamp(number * _DAY_SECONDS, UTC).date()
        periods |= {day.isoformat(), f"{day:%Y-%m}", f"{day:%Y}", EVER}
    return sorted(periods)


def periods_on(limits: Limits, instant: datetime, time_zone: str) -> set[str]:
    """The periods that a purchase there counts in: few, where the mall's zone is known."""
    periods: set[str] = set()
    if limits.cooldown_seconds:
        _, bucket = _cooldown_key(limits.cooldown_seconds, instant)
        periods.update(str(bucket + neighbour) for neighbour in _NEIGHBOURS)
    counting = limits.on(local_day(instant, time_zone))
    periods.update(key[1] for _, key in counting if key is not None)
    return periods


def count_usage(
    used: dict[UsageKey, Used],
    account_id: UUID,
    counted: Sequence[UsageKey],
    points: int,
    times: int,
    instant: datetime,
) -> list[NewUsage]:
    """Add what was granted to what is known of the account; returns what must be written."""
    for key in counted:
        before = used.get(key)
        if before is None:
            used[key] = Used(max(0, points), times, instant)
        else:
            last_at = max(before.last_at, instant)
            used[key] = Used(max(0, before.points + points), before.times + times, last_at)
    return [NewUsage(account_id, cap, period, points, times, instant) for cap, period in counted]
