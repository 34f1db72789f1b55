"""A member's tiers as they were last told, and as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.membership.domain.tiers.tier_moves import TierMove, tier_moves
from services.membership.domain.tiers.tiers import (
    Credit,
    Interval,
    TierHistory,
    TierScheme,
    tier_timeline,
)


@dataclass(frozen=True, slots=True)
class TierState:
    """What was last told of a member; `timeline` reaches to `assessed_until`."""

    member_id: UUID
    enrolled_at: datetime
    version: int
    timeline: tuple[Interval, ...]
    assessed_until: datetime
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A member's history as it now is. Each move has a version; `version` is the last one's.

    `is_new` is False when it is what was told before and will go on by itself when it was to.
    """

    member_id: UUID
    version: int
    history: TierHistory
    assessed_until: datetime
    moves: tuple[TierMove, ...]
    is_new: bool


def assess(
    state: TierState,
    credits: Sequence[Credit],
    schemes: Sequence[TierScheme],
    zone: ZoneInfo,
    until: datetime,
) -> Assessment:
    """Work out the history up to `until` (never less far than it was told)."""
    until = max(until, state.assessed_until)
    history = tier_timeline(credits, schemes, state.enrolled_at, zone, until)
    moves = tier_moves(state.timeline, history.intervals, schemes[-1].rank_of)
    is_new = bool(moves) or history.due_at != state.due_at
    return Assessment(state.member_id, state.version + len(moves), history, until, moves, is_new)


def reaches_to(credits: Sequence[Credit], now: datetime) -> datetime:
    """How far purchases alone carry a history: to the last of them, never into the future.

    That a tier lapses afterwards is told by the job, when it is due. So a year of old receipts
    that comes in pieces does not tell of tiers that a later piece keeps alive.
    """
    return min(now, credits[-1].purchased_at) if credits else now
