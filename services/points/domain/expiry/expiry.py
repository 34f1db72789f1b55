"""Until when points last: by a stated model, in whole days of the mall's calendar.

Points can be used to the end of their last day; they end at the first instant of the day after.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from services.points.domain.receipts.receipts import local_day, zone

PERIODS_MAX = 1_200
DAYS_MAX = 36_500
# In no zone does a month begin or end further from where it does in the night's.
_ZONES_APART = timedelta(hours=26)


class ExpiryKind(StrEnum):
    """How the last day is found. A period is a month, a quarter or a year."""

    NEVER = "never"
    ROLLING_DAYS = "rolling_days"
    MONTHS = "months"
    SLIDING = "sliding"
    CALENDAR_DATE = "calendar_date"
    END_OF_MONTH = "end_of_month"
    END_OF_QUARTER = "end_of_quarter"
    END_OF_YEAR = "end_of_year"


_PERIOD_MONTHS = {
    ExpiryKind.END_OF_MONTH: 1,
    ExpiryKind.END_OF_QUARTER: 3,
    ExpiryKind.END_OF_YEAR: 12,
}


class ExpiryModel(NamedTuple):
    """`amount` is days of rolling days, months of months and sliding, and for the others how many
    periods (years for a calendar date) beyond the current one. `on` is the calendar date."""

    kind: ExpiryKind
    amount: int = 0
    on: date | None = None


NEVER = ExpiryModel(ExpiryKind.NEVER)


def read_expiry(spec: Mapping[str, Any]) -> ExpiryModel:
    """A model from its stored form, such as `{"kind": "months", "months": 12}`.

    Raises `ValueError` when it is none. Other members: `days`, `periods_ahead`, `on` (ISO date).
    """
    kind = ExpiryKind(spec.get("kind", ""))
    member = {
        ExpiryKind.ROLLING_DAYS: "days",
        ExpiryKind.MONTHS: "months",
        ExpiryKind.SLIDING: "months",
    }.get(kind, "periods_ahead")
    amount = int(spec.get(member) or 0)
    most = DAYS_MAX if kind is ExpiryKind.ROLLING_DAYS else PERIODS_MAX
    if not 0 <= amount <= most:
        raise ValueError(f"{member} must be between 0 and {most}")
    if kind is not ExpiryKind.CALENDAR_DATE:
        return ExpiryModel(kind, amount)
    return ExpiryModel(kind, amount, date.fromisoformat(str(spec.get("on", ""))))


def expiry_of(
    model: ExpiryModel, purchased_at: datetime, time_zone: str
) -> tuple[datetime | None, int | None]:
    """The first instant at which points bought then are gone (UTC; None for never), and the months
    that each later activity gives them anew (None unless they slide)."""
    if model.kind is ExpiryKind.NEVER:
        return None, None
    ends_at = _end_of(model, local_day(purchased_at, time_zone), time_zone)
    return ends_at, model.amount if model.kind is ExpiryKind.SLIDING else None


@lru_cache(maxsize=4_096)
def _end_of(model: ExpiryModel, day: date, time_zone: str) -> datetime:
    return end_of_day(last_day_of(model, day), time_zone)


def last_day_of(model: ExpiryModel, day: date) -> date:
    """The last day on which points bought on `day` can be used. `model` must not be never."""
    match model.kind:
        case ExpiryKind.ROLLING_DAYS:
            return day + timedelta(days=model.amount)
        case ExpiryKind.MONTHS | ExpiryKind.SLIDING:
            return add_months(day, model.amount)
        case ExpiryKind.CALENDAR_DATE:
            assert model.on is not None
            first = max(model.on, add_months(model.on, 12 * (day.year - model.on.year)))
            if first < day:
                first = add_months(model.on, 12 * (day.year + 1 - model.on.year))
            return add_months(first, 12 * model.amount)
    months = _PERIOD_MONTHS[model.kind]
    first_of_next = date(day.year, (day.month - 1) // months * months + 1, 1)
    return add_months(first_of_next, months * (model.amount + 1)) - timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or that month's last where it has no such day: 31 January and
    one month is 28 February."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


@lru_cache(maxsize=4_096)
def first_instant(day: date, time_zone: str) -> datetime:
    """When the day begins there, in UTC. Where summer time skips midnight, what follows it; where
    winter time repeats it, the first of the two."""
    local = datetime.combine(day, time(), zone(time_zone))
    return local.astimezone(zone("UTC"))


def end_of_day(day: date, time_zone: str) -> datetime:
    """The first instant after the day, in UTC."""
    return first_instant(day + timedelta(days=1), time_zone)


def ending_lots_window(
    night_on: date, lead_days: int, time_zone: str, due_at: datetime
) -> tuple[date, datetime, datetime]:
    """The month to remind of in that night, by its first day, and the instants between which points
    end whose last day is in it somewhere (not at the first, and at the second)."""
    month = (night_on + timedelta(days=lead_days)).replace(day=1)
    begins, ends = first_instant(month, time_zone), first_instant(add_months(month, 1), time_zone)
    return month, max(begins - _ZONES_APART, due_at), ends + _ZONES_APART
