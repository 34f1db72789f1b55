"""Points that are earned and not yet good: until some days have passed, a date, an event, or
until somebody says so."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from services.points.domain.receipts.receipts import local_day, zone


class PendingMode(StrEnum):
    """What pending points wait for."""

    NONE = "none"
    DAYS = "days"
    DATE = "date"
    EVENT = "event"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class PendingTerms:
    """`days`: with `days`, they are good from the beginning of the day in the mall that is so many
    after the purchase's. `date`: from the beginning of `on`; what is bought later does not wait.
    `event`: when the event of that name is told for their source. `manual`: when staff say so."""

    mode: PendingMode = PendingMode.NONE
    days: int = 0
    on: date | None = None
    event: str | None = None


NOT_PENDING = PendingTerms()


def pending_until(
    terms: PendingTerms, earned_at: datetime, time_zone: str, now: datetime
) -> tuple[bool, datetime | None]:
    """Whether points earned then are pending now, and when the clock makes them active."""
    if terms.mode is PendingMode.NONE:
        return False, None
    if terms.mode in {PendingMode.EVENT, PendingMode.MANUAL}:
        return True, None
    if terms.mode is PendingMode.DAYS:
        first_day = local_day(earned_at, time_zone) + timedelta(days=terms.days)
    else:
        assert terms.on is not None
        first_day = terms.on
    midnight = datetime.combine(first_day, time(), zone(time_zone))
    activates_at = midnight.astimezone(earned_at.tzinfo)
    return (True, activates_at) if activates_at > now else (False, None)


def awaited_event(terms: PendingTerms) -> str | None:
    """The event that makes the points active, or None when it is something else."""
    return terms.event if terms.mode is PendingMode.EVENT else None
