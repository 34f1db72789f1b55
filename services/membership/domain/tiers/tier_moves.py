"""What there is to tell when a member's tier history changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.membership.domain.tiers.tiers import Interval

Direction = Literal["up", "down", "corrected"]


@dataclass(frozen=True, slots=True)
class TierMove:
    """One change to tell: afterwards the history is `timeline`."""

    direction: Direction
    from_tier: str
    to_tier: str
    effective_at: datetime
    reason: str
    timeline: tuple[Interval, ...]


def tier_moves(
    before: Sequence[Interval], after: Sequence[Interval], rank_of: Callable[[str], int]
) -> tuple[TierMove, ...]:
    """The moves from one history to the other, oldest first; none when they are equal.

    A history that only went on is told step by step, so that what is told does not depend on how
    purchases were batched. One whose past changed is told once, whole.
    """
    before, after = tuple(before), tuple(after)
    shared = _common(before, after)
    if shared == len(before):
        return tuple(
            _move(after[:place], after[: place + 1], rank_of, after[place].cause)
            for place in range(shared, len(after))
        )
    return (_move(before, after, rank_of, "history_changed", _first_change(before, after, shared)),)


def _common(before: tuple[Interval, ...], after: tuple[Interval, ...]) -> int:
    count = 0
    for old, new in zip(before, after, strict=False):
        if (old.tier, old.since) != (new.tier, new.since):
            break
        count += 1
    return count


def _first_change(
    before: tuple[Interval, ...], after: tuple[Interval, ...], shared: int
) -> datetime:
    return min(steps[shared].since for steps in (before, after) if len(steps) > shared)


def _move(
    before: tuple[Interval, ...],
    after: tuple[Interval, ...],
    rank_of: Callable[[str], int],
    reason: str,
    changed_at: datetime | None = None,
) -> TierMove:
    old, new = before[-1], after[-1]
    direction: Direction = "corrected"
    if rank_of(new.tier) != rank_of(old.tier):
        direction = "up" if rank_of(new.tier) > rank_of(old.tier) else "down"
    effective_at = new.since if direction != "corrected" or changed_at is None else changed_at
    return TierMove(direction, old.tier, new.tier, effective_at, reason, after)
