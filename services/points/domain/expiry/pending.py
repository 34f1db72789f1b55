"""Points that are earned and not yet good: until some days have passed, a date, an event, or
until somebody says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.points.domain.expiry.expiry import first_instant
from services.points.domain.receipts.receipts import local_day

# When which event was told, by its name and what it was about: a source, or a whole account.
Told = Mapping[tuple[str, UUID], datetime]


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
    if terms.mode is PendingMode.EVENT or terms.mode is PendingMode.MANUAL:
        return True, None
    if terms.mode is PendingMode.DAYS:
        first_day = local_day(earned_at, time_zone) + timedelta(days=terms.days)
    else:
        assert terms.on is not None
        first_day = terms.on
    activates_at = first_instant(first_day, time_zone)
    return (True, activates_at) if activates_at > now else (False, None)


def awaited_event(terms: PendingTerms) -> str | None:
    """The event that makes the points active, or None when it is something else."""
    return terms.event if terms.mode is PendingMode.EVENT else None


def told_at(
    told: Told, terms: PendingTerms, account_id: UUID, source_id: UUID, earned_at: datetime
) -> datetime | None:
    """When the event that the source's points would wait for was told, if it was already.

    What was told of the member counts for all that they had earned by then.
    """
    event = awaited_event(terms)
    if event is None:
        return None
    of_source = told.get((event, source_id))
    of_member = told.get((event, account_id))
    if of_member is not None and of_member < earned_at:
        of_member = None
    return of_source or of_member
