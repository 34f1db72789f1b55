"""A member's tiers over time, as membership told them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Tenure:
    """From `since` on, until the next tenure's `since`, the member holds `tier`."""

    since: datetime
    tier: str


def tier_at(timeline: Sequence[Tenure], instant: datetime) -> str | None:
    """The tier held then; before the first tenure its tier, and None when nothing is known yet."""
    held = timeline[0].tier if timeline else None
    for tenure in timeline:
        if tenure.since > instant:
            break
        held = tenure.tier
    return held


def first_difference(old: Sequence[Tenure], new: Sequence[Tenure]) -> datetime | None:
    """The earliest instant from which the two differ; None when they never do.

    The first tenure reaches back without end, so a difference there is told as of the year 1.
    """
    if not old and not new:
        return None
    if not old or not new or old[0].tier != new[0].tier:
        return datetime(1, 1, 1, tzinfo=UTC)
    changes = sorted({t.since for t in (*old, *new)})
    for instant in changes:
        if tier_at(old, instant) != tier_at(new, instant):
            return instant
    return None
