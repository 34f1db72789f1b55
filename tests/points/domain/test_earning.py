"""What a sale is worth. S-2 and O-5 stack two rules; rates here do not stack (the most specific
one wins), so the two ids show the parts and the sum as one rate."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.earning import (
    Rounding,
    default_policy,
    points_of,
    policy_at,
    rate_lines,
    round_points,
)
from services.points.domain.earning_rates import Rate
from services.points.domain.receipts import Line
from tests.points.samples import NOON, SHOP, make_lines, make_policy, rate

OTHER_SHOP = UUID(int=7)
BASKET = (
    Line(1, "red", None, 1, 1_200, 0),
    Line(2, "blue", None, 1, 10_000, 0),
    Line(3, "delivery", None, 1, 4_000, 0),
)


def test_a_point_for_each_full_unit_is_the_built_in_rule() -> None:
    rating = rate_lines(default_policy(NOON), SHOP, make_lines(19_999))
    assert points_of(rating, None) == 199


@pytest.mark.parametrize(("per_minor", "points"), [(100, 19), (200, 9)])
def test_s_2_each_of_the_stackable_rates_alone(per_minor: int, points: int) -> None:
    assert points_of(rate(make_policy(Rate(1, per_minor)), 1_999), None) == points


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


def test_o_1_four_a_unit_over_the_basket() -> None:
    assert points_of(rate_lines(make_policy(Rate(4, 100)), SHOP, BASKET), None) == 608


def test_o_2_a_category_with_rate_zero_is_excluded() -> None:
    policy = make_policy(Rate(4, 100), categories={"blue": Rate(0, 100)})
    assert points_of(rate_lines(policy, SHOP, BASKET), None) == 208


def test_o_5_the_sum_of_two_rates_as_one() -> None:
    assert points_of(rate_lines(make_policy(Rate(14, 100)), SHOP, BASKET), None) == 2_128


def test_o_7_three_times_for_a_category() -> None:
    policy = make_policy(Rate(4, 100), categories={"red": Rate(12, 100)})
    assert points_of(rate_lines(policy, SHOP, BASKET), None) == 704


def test_the_shop_goes_before_the_category_and_the_category_before_the_programme() -> None:
    policy = make_policy(
        Rate(1, 100), categories={"red": Rate(2, 100)}, shops={OTHER_SHOP: Rate(5, 100)}
    )
    red, blue = (Line(1, "red", None, 1, 100, 0),), (Line(1, "blue", None, 1, 100, 0),)
    assert points_of(rate_lines(policy, OTHER_SHOP, red), None) == 5
    assert points_of(rate_lines(policy, SHOP, red), None) == 2
    assert points_of(rate_lines(policy, SHOP, blue), None) == 1


def test_a_shop_can_be_excluded() -> None:
    policy = make_policy(shops={SHOP: Rate(0, 100)})
    assert points_of(rate(policy, 10_000), None) == 0


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
