"""Which tier a member held when, from membership's timeline."""

from collections.abc import Sequence
from datetime import UTC, datetime

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
Timeline = Sequence[tuple[datetime, str]]


def tier_at(timeline: Timeline, instant: datetime) -> str | None:
    """The tier held at `instant`; before the first interval, the first tier; None without any.

    A purchase just before the enrolment that it caused earns as the new member.
    """
    held = timeline[0][1] if timeline else None
    for since, tier in timeline:
        if since > instant:
            break
        held = tier
    return held


def first_difference(old: Timeline, new: Timeline) -> datetime | None:
    """The earliest instant at which the two timelines disagree, or None when they never do.

    The first tier reaches back, so that a difference in it is one since the beginning of time.
    """
    for instant in [_BEGINNING, *sorted({since for since, _ in [*old, *new]})]:
        if tier_at(old, instant) != tier_at(new, instant):
            return instant
    return None
