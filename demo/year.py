"""Which instants the year of the data takes in a programme: its wall times, moved by whole weeks.

A programme keeps the year that its first replay chose: it is read from the first earning policy,
which takes effect when the year begins. So a later replay sends the very same receipts.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from demo.receipts import FIRST_DAY, LAST_DAY, shift_for
from demo.stack import DemoProblem

ZONE = ZoneInfo("Asia/Shanghai")
LATE_DAYS_MAX = 400  # points refuses older receipts


@dataclass(frozen=True, slots=True)
class Year:
    """The data's year moved by `shift`."""

    shift: timedelta

    def instant(self, wall: datetime) -> datetime:
        """The instant at which the malls' clocks show this wall time of the data, moved."""
        return (wall + self.shift).replace(tzinfo=ZONE)

    def wall(self, instant: datetime) -> datetime:
        """The wall time of the data that this instant is."""
        return instant.astimezone(ZONE).replace(tzinfo=None) - self.shift

    def day(self, day: date) -> datetime:
        """The moment at which this day of the data begins."""
        return self.instant(datetime.combine(day, time.min))

    @property
    def starts_at(self) -> datetime:
        """The first moment of the year."""
        return self.day(FIRST_DAY)

    @property
    def ends_at(self) -> datetime:
        """The first moment after the year."""
        return self.day(LAST_DAY + timedelta(days=1))


def choose_year(now: datetime) -> Year:
    """For a programme that is new: the year ends as late as possible, yesterday at the latest."""
    return Year(shift_for(now.astimezone(ZONE).date()))


def year_from(effective_from: datetime, now: datetime) -> Year:
    """The year that begins with the first policy. Raises DemoProblem when it cannot be replayed."""
    begins = effective_from.astimezone(ZONE).replace(tzinfo=None)
    shift = begins - datetime.combine(FIRST_DAY, time.min)
    if shift % timedelta(weeks=1):
        raise DemoProblem(
            f"This programme's first earning policy takes effect at {begins}: it is not the "
            "demo's. `make clean && make up` starts with a new programme."
        )
    if now - effective_from > timedelta(days=LATE_DAYS_MAX):
        raise DemoProblem(
            f"This programme's year began on {begins.date()}, and receipts are taken for "
            f"{LATE_DAYS_MAX} days. `make clean && make up` starts with a new programme."
        )
    return Year(shift)


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)
