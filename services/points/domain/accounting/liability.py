"""Days of a programme, and what the picture of its liability says in figures."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.points.domain.accounting.errors import DaysReversed
from services.points.domain.expiry.expiry import first_instant
from services.points.domain.receipts.receipts import local_day

# A posting is stored at most a minute after the instant that it bears; a day is written down when
# nothing of it can still be on its way.
SETTLES_AFTER = timedelta(minutes=15)


class ProgrammeDay(NamedTuple):
    """A day of the programme's calendar: from `starts_at` to before `ends_at`."""

    day: date
    time_zone: str
    starts_at: datetime
    ends_at: datetime


def programme_day(day: date, time_zone: str) -> ProgrammeDay:
    """The bounds of that day in that zone, whatever summer time does to it."""
    next_day = day + timedelta(days=1)
    return ProgrammeDay(
        day, time_zone, first_instant(day, time_zone), first_instant(next_day, time_zone)
    )


def day_of(instant: datetime, time_zone: str) -> ProgrammeDay:
    """The day that the instant belongs to."""
    return programme_day(local_day(instant, time_zone), time_zone)


def is_settled(day: ProgrammeDay, now: datetime) -> bool:
    """Whether everything of the day is stored by now."""
    return now >= day.ends_at + SETTLES_AFTER


def check_days(first_day: date | None, last_day: date | None) -> None:
    """Raise `DaysReversed` when the first lies after the last."""
    if first_day is not None and last_day is not None and first_day > last_day:
        raise DaysReversed(
            "The first day lies after the last.",
            first_day=first_day.isoformat(),
            last_day=last_day.isoformat(),
        )


def breakage_ppm(given: int, expired: int) -> int | None:
    """What share of the points given has expired, in millionths, rounded half up; None of none.

    `given` is issued and imported less clawed back; `expired` is positive.
    """
    if given <= 0:
        return None
    return (2 * 1_000_000 * expired + given) // (2 * given)
