"""What a sale is worth: rates, rules, eligible amounts and rounding."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.receipts.earning import (
    Rounding,
    RoundingLevel,
    default_policy,
    points_of,
    policy_at,
    rate_lines,
    round_points,
)
from services.points.domain.receipts.earning_rates import (
    Basis,
    Rate,
    Rule,
)
from services.points.domain.receipts.receipts import Line
from tests.points.samples import NOON, SHOP, make_lines, make_policy, rate

OTHER_SHOP = UUID(int=7)
MALL = UUID(int=8)
BASKET = (
    Line(1, "red", None, 1, 1_200, 0, sku="123"),
    Line(2, "blue", None, 1, 10_000, 0, sku="000"),
    Line(3, "delivery", None, 1, 4_000, 0),
)


def test_a_point_for_each_full_unit_is_the_built_in_rule() -> None:
    rating = rate_lines(default_policy(NOON), SHOP, make_lines(19_999))
    assert points_of(rating, None) == 199


def test_s_2_two_rates_that_stack_are_rounded_each() -> None:
    policy = make_policy(
        Rate(1, 100),
        rules=(Rule("half", Rate(1, 200)),),
        rounding_level=RoundingLevel.RULE,
    )
    assert points_of(rate(policy, 1_999), None) == 19 + 9 == 28
    once = make_policy(Rate(1, 100), rules=(Rule("half", Rate(1, 200)),))
    assert points_of(rate(once, 1_999), None) == 29


@pytest.mark.parametrize(
    ("rounding", "points"), [(Rounding.FLOOR, 28), (Rounding.HALF_UP, 29), (Rounding.CEIL, 29)]
)
def test_s_2c_nineteen_times_one_and_a_half_is_rounded_as_stated(
    rounding: Rounding, points: int
) -> None:
    tiers = {"gold": 1_500, "black": 2_000}
    rating = rate(make_policy(tier_multipliers_milli=tiers, rounding=rounding), 1_900)
    assert points_of(rating, "gold") == points
    assert points_of(rating, "black") == 38


def test_q_1_a_point_for_each_full_ten_of_a_hundred_and_five() -> None:
    assert points_of(rate(make_policy(Rate(1, 1_000)), 10_500), None) == 10


@pytest.mark.parametrize(("base", "milli", "points"), [(5, 3_000, 15), (4, 1_500, 6)])
def test_q_2_a_multiplier_multiplies_the_base(base: int, milli: int, points: int) -> None:
    rating = rate(make_policy(tier_multipliers_milli={"gold": milli}), base * 100)
    assert points_of(rating, "gold") == points


def test_below_the_minimum_a_receipt_earns_nothing_and_is_worth_nothing() -> None:
    excluded = Basis(excluded_categories=frozenset({"gold"}))
    policy = make_policy(minimum_minor=5_000, basis=excluded)
    assert points_of(rate(policy, 5_000), None) == 50
    below = rate(policy, 4_999)
    assert (points_of(below, None), below.total_weight, below.is_below_minimum) == (0, 0, True)
    lines = [Line(1, "red", None, 1, 4_000, 0), Line(2, "gold", None, 1, 4_000, 0)]
    assert points_of(rate_lines(policy, SHOP, lines), None) == 0
    by_line = make_policy(minimum_minor=5_000, rounding_level=RoundingLevel.LINE)
    assert points_of(rate(by_line, 4_999), None) == 0


@pytest.mark.parametrize(
    ("level", "rounding", "points"),
    [
        (RoundingLevel.LINE, Rounding.FLOOR, 0),
        (RoundingLevel.LINE, Rounding.HALF_UP, 3),
        (RoundingLevel.LINE, Rounding.CEIL, 3),
        (RoundingLevel.RECEIPT, Rounding.FLOOR, 1),
        (RoundingLevel.RECEIPT, Rounding.CEIL, 2),
        (RoundingLevel.RULE, Rounding.HALF_UP, 2),
    ],
)
def test_peer_saleor_fuint_a_fraction_is_rounded_once_at_the_stated_level(
    level: RoundingLevel, rounding: Rounding, points: int
) -> None:
    policy = make_policy(rounding_level=level, rounding=rounding)
    assert points_of(rate(policy, 51, 51, 51), None) == points


@pytest.mark.parametrize(
    ("level", "points"),
    [(RoundingLevel.RECEIPT, 5), (RoundingLevel.RULE, 5), (RoundingLevel.LINE, 0)],
)
def test_only_full_steps_count(level: RoundingLevel, points: int) -> None:
    policy = make_policy(Rate(5, 1_000, step_minor=1_000), rounding_level=level)
    assert points_of(rate(policy, 999, 999), None) == points


def test_q_2_a_multiplier_has_three_decimals_and_fractions_are_dropped() -> None:
    rating = rate(make_policy(tier_multipliers_milli={"gold": 1_999}), 400)
    assert points_of(rating, "gold") == 7


def test_fractions_of_lines_add_up_before_the_receipt_is_rounded_once() -> None:
    policy = make_policy(Rate(1, 300), categories={"tea": Rate(1, 200)})
    rating = rate(policy, 100, 100, 100)
    assert points_of(rating, None) == 1
    assert points_of(rate(policy, 100, 100, category="tea"), None) == 1


def test_a_tier_without_a_multiplier_earns_the_base() -> None:
    rating = rate(make_policy(tier_multipliers_milli={"gold": 2_000}), 1_000)
    assert [points_of(rating, tier) for tier in (None, "silver", "gold")] == [10, 10, 20]


def test_a_worth_is_told_in_millionths_of_a_point() -> None:
    rating = rate(make_policy(Rate(1, 300)), 100)
    [(_, _, weight)] = rating.weights
    assert rating.base_micro(weight) == 333_333


def test_the_policy_of_the_purchase_time_decides() -> None:
    early = make_policy(version=1, effective_from=NOON - timedelta(days=10))
    late = make_policy(version=2, effective_from=NOON)
    policies = (early, late)
    assert policy_at(policies, NOON - timedelta(microseconds=1)) is early
    assert policy_at(policies, NOON) is late
    assert policy_at(policies, NOON - timedelta(days=99)) is early


@given(st.integers(0, 10**15), st.integers(1, 10**6))
def test_rounding_never_strays_by_a_whole_point(numerator: int, denominator: int) -> None:
    floor, half_up, ceil = (round_points(numerator, denominator, how) for how in Rounding)
    assert floor <= half_up <= ceil <= floor + 1
    assert floor * denominator <= numerator <= ceil * denominator
    assert abs(2 * half_up * denominator - 2 * numerator) <= denominator


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_the_order_of_lines_does_not_matter(amounts: list[int]) -> None:
    shuffled = sorted(amounts)
    policy = make_policy(Rate(7, 300))
    assert points_of(rate(policy, *amounts), None) == points_of(rate(policy, *shuffled), None)
