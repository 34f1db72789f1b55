"""Bonus points: what counts, when, and how it is rounded."""

from datetime import timedelta

import pytest

from services.campaigns.domain.rewards.multiplier import bonus_points, is_due
from tests.campaigns.domain.samples import multiplier, receipt


def test_the_sum_is_rounded_down_once() -> None:
    rule = multiplier(factor_thousandths=1500)
    assert bonus_points(rule, receipt(199, 199), None, 2 * 1_990_000) == 1
    assert bonus_points(rule, receipt(200, 200), None, 2 * 2_000_000) == 2


def test_q2_a_multiplier_of_three_makes_five_points_fifteen() -> None:
    rule = multiplier(factor_thousandths=3000)
    assert 5 + bonus_points(rule, receipt(500), None, 5_000_000) == 15


def test_a_multiplier_that_is_not_due_gives_nothing() -> None:
    rule = multiplier(tiers=frozenset({"gold"}))
    assert bonus_points(rule, receipt(500), "basic", 5_000_000) == 0


def test_the_tier_must_be_one_of_those_named() -> None:
    rule = multiplier(tiers=frozenset({"gold"}))
    assert is_due(rule, receipt(1), "gold")
    assert not is_due(rule, receipt(1), "basic")
    assert not is_due(rule, receipt(1), None)


def test_a_tuesday_is_no_weekend() -> None:
    assert is_due(multiplier(weekdays=frozenset({2})), receipt(1), None)
    assert not is_due(multiplier(weekdays=frozenset({6, 7})), receipt(1), None)


@pytest.mark.parametrize(
    ("start", "end", "hour", "due"),
    [
        (600, 720, 11, True),
        (600, 720, 12, False),
        (1320, 120, 23, True),
        (1320, 120, 1, True),
        (1320, 120, 2, False),
    ],
)
def test_hours_end_before_their_end_and_may_go_over_midnight(
    start: int, end: int, hour: int, due: bool
) -> None:
    bought = receipt(1)
    bought = receipt(1, local_at=bought.local_at + timedelta(hours=hour - 12))
    assert is_due(multiplier(from_minute=start, until_minute=end), bought, None) is due
