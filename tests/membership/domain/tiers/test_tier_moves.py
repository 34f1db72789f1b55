"""What is told when a history changed."""

from datetime import UTC, datetime, timedelta

from services.membership.domain.tiers.tier_moves import TierMove, tier_moves
from services.membership.domain.tiers.tiers import Cause, Interval

START = datetime(2026, 1, 1, tzinfo=UTC)
RANKS = {"bronze": 0, "silver": 1, "gold": 2}


def step(tier: str, day: int, cause: Cause = "spend") -> Interval:
    return Interval(tier, START + timedelta(days=day), cause)


BRONZE = step("bronze", 0, "enrolled")


def moves(before: list[Interval], after: list[Interval]) -> tuple[TierMove, ...]:
    return tier_moves(before, after, RANKS.__getitem__)


def test_a_history_that_stays_the_same_is_not_told() -> None:
    assert moves([BRONZE], [BRONZE]) == ()


def test_a_history_that_goes_on_is_told_step_by_step() -> None:
    silver, gold = step("silver", 3), step("gold", 5)
    up, further = moves([BRONZE], [BRONZE, silver, gold])
    assert up == TierMove("up", "bronze", "silver", silver.since, "spend", (BRONZE, silver))
    assert further == TierMove("up", "silver", "gold", gold.since, "spend", (BRONZE, silver, gold))


def test_an_ended_validity_is_told_as_a_way_down() -> None:
    silver, down = step("silver", 3), step("bronze", 400, "validity_ended")
    (move,) = moves([BRONZE, silver], [BRONZE, silver, down])
    assert (move.direction, move.reason, move.effective_at) == (
        "down",
        "validity_ended",
        down.since,
    )


def test_an_earlier_upgrade_corrects_the_past_from_where_it_differs() -> None:
    late, early = step("silver", 9), step("silver", 4)
    (move,) = moves([BRONZE, late], [BRONZE, early])
    assert (move.direction, move.reason) == ("corrected", "history_changed")
    assert (move.from_tier, move.to_tier) == ("silver", "silver")
    assert move.effective_at == early.since
    assert move.timeline == (BRONZE, early)


def test_a_refund_that_comes_late_takes_an_upgrade_back() -> None:
    silver = step("silver", 4)
    (move,) = moves([BRONZE, silver], [BRONZE])
    assert (move.direction, move.from_tier, move.to_tier) == ("down", "silver", "bronze")
    assert move.timeline == (BRONZE,)


def test_a_corrected_past_with_another_present_goes_up() -> None:
    (move,) = moves([BRONZE, step("silver", 9)], [BRONZE, step("silver", 4), step("gold", 9)])
    assert (move.direction, move.to_tier) == ("up", "gold")
