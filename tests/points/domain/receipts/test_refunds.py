"""What refunds take back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.receipts.earning import Rounding, RoundingLevel, points_of, rate_lines
from services.points.domain.receipts.earning_rates import Rate, Rule
from services.points.domain.receipts.errors import RefundExceedsSale, RefundLineUnknown
from services.points.domain.receipts.refunds import (
    SoldLine,
    check_refund,
    clawed_total,
    refunded_by_line,
)
from tests.points.samples import SHOP, make_lines, make_policy, make_refund_lines, rate

SOLD = [SoldLine(1, 1_000), SoldLine(2, 500)]


def test_r_10_thirty_per_cent_and_then_the_rest_take_everything_back() -> None:
    rating = rate(make_policy(), 10_000)
    assert clawed_total(100, rating, {1: 3_000}) == 30
    assert clawed_total(100, rating, {1: 10_000}) == 100


def test_a_fraction_stays_with_the_member_until_the_last_line_goes() -> None:
    rating = rate(make_policy(Rate(1, 1_000)), 333, 333, 334)
    assert points_of(rating, None) == 1
    assert [clawed_total(1, rating, done) for done in ({1: 333}, {1: 333, 2: 333})] == [0, 0]
    assert clawed_total(1, rating, {1: 333, 2: 333, 3: 334}) == 1


def test_lines_that_earned_nothing_take_nothing_back() -> None:
    rating = rate(make_policy(), 1_000, 0)
    assert clawed_total(10, rating, {2: 0}) == 0
    excluded = rate(make_policy(Rate(0, 100)), 1_000)
    assert clawed_total(0, excluded, {1: 1_000}) == 0


def test_a_refunds_line_undoes_the_line_it_names_or_its_own_number() -> None:
    assert refunded_by_line([make_refund_lines((7, 10), (7, 5)), make_lines(3)]) == {7: 15, 1: 3}


def test_a_refund_of_a_line_that_was_not_sold_is_refused() -> None:
    with pytest.raises(RefundLineUnknown) as refused:
        check_refund(SOLD, {}, make_refund_lines((3, 1)))
    assert refused.value.facts == {"line_number": 3}


def test_a_refund_of_more_than_is_left_is_refused() -> None:
    check_refund(SOLD, {1: 600}, make_refund_lines((1, 400), (2, 500)))
    with pytest.raises(RefundExceedsSale) as refused:
        check_refund(SOLD, {1: 600}, make_refund_lines((1, 200), (1, 201)))
    assert refused.value.facts == {"line_number": 1, "refundable_minor": 400}


@st.composite
def sales_and_refunds(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    """Amounts of sold lines, and partial refunds that add up to no more than them."""
    amounts = draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=6))
    parts = []
    for number, amount in enumerate(amounts, 1):
        left = amount
        for share in draw(st.lists(st.integers(0, 10_000), max_size=4)):
            parts.append((number, min(share, left)))
            left -= min(share, left)
    return amounts, parts


@given(sales_and_refunds(), st.randoms(use_true_random=False), st.integers(1, 700))
def test_refunds_take_back_the_same_in_any_order_and_never_more_than_was_earned(
    case: tuple[list[int], list[tuple[int, int]]], chance: object, per_minor: int
) -> None:
    amounts, parts = case
    rating = rate(make_policy(Rate(3, per_minor)), *amounts)
    earned = points_of(rating, None)
    shuffled = list(parts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    ends = []
    for order in (parts, shuffled):
        done: dict[int, int] = {}
        clawed = 0
        for number, amount in order:
            done[number] = done.get(number, 0) + amount
            now_clawed = clawed_total(earned, rating, done)
            assert clawed <= now_clawed <= earned
            clawed = now_clawed
        ends.append(clawed)
    assert ends[0] == ends[1]
    everything = dict(enumerate(amounts, 1))
    assert clawed_total(earned, rating, everything) == earned


BY_LINE = make_policy(Rate(5, 1_000, 1_000), rounding_level=RoundingLevel.LINE)


def test_with_steps_by_line_a_refund_takes_what_the_line_earned() -> None:
    rating = rate(BY_LINE, 1_999, 900)
    assert points_of(rating, None) == 5
    assert clawed_total(5, rating, {2: 900}) == 0
    assert clawed_total(5, rating, {1: 1_999}) == 5
    # A part of the line in proportion, rounded down.
    assert clawed_total(5, rating, {1: 1_000, 2: 900}) == 2


def test_a_line_has_its_share_of_each_rate_that_is_rounded_alone() -> None:
    tea = Rule("tea", Rate(1, 1_000, 1_000), categories=frozenset({"tea"}))
    policy = make_policy(Rate(1, 1_000), rules=(tea,), rounding_level=RoundingLevel.RULE)
    lines = (*make_lines(1_500), *(x._replace(line_number=2) for x in make_lines(2_500)))
    lines = (lines[0], lines[1]._replace(category="tea"))
    rating = rate_lines(policy, SHOP, lines)
    # 40.00 by the programme's rate, 25.00 of tea by full steps: 4 + 2.
    assert points_of(rating, None) == 6
    assert clawed_total(6, rating, {1: 1_500}) == 1
    assert clawed_total(6, rating, {2: 2_500}) == 4
    assert clawed_total(6, rating, {1: 1_500, 2: 2_500}) == 6


@given(
    st.lists(st.integers(0, 9_999), min_size=1, max_size=6),
    st.sampled_from(Rounding),
    st.sampled_from([1, 500, 1_000]),
    st.sampled_from([None, "gold"]),
)
def test_refunding_a_line_takes_what_it_earned_and_all_lines_take_all(
    amounts: list[int], rounding: Rounding, step_minor: int, tier: str | None
) -> None:
    policy = make_policy(
        Rate(7, 300, step_minor),
        rounding=rounding,
        rounding_level=RoundingLevel.LINE,
        tier_multipliers_milli={"gold": 1_700},
    )
    rating = rate(policy, *amounts)
    earned = points_of(rating, tier)
    for number, amount in enumerate(amounts, 1):
        alone = points_of(rate(policy, amount), tier)
        assert clawed_total(earned, rating, {number: amount}, tier) == alone
    assert clawed_total(earned, rating, dict(enumerate(amounts, 1)), tier) == earned


@given(sales_and_refunds(), st.sampled_from(RoundingLevel), st.sampled_from([1, 700, 1_000]))
def test_at_every_level_refunds_never_take_more_than_was_earned_and_in_the_end_all(
    case: tuple[list[int], list[tuple[int, int]]], level: RoundingLevel, step_minor: int
) -> None:
    amounts, parts = case
    rule = Rule("more", Rate(1, 250, step_minor))
    rating = rate(
        make_policy(Rate(3, 100, step_minor), rules=(rule,), rounding_level=level), *amounts
    )
    earned, done, clawed = points_of(rating, None), dict[int, int](), 0
    for number, amount in parts:
        done[number] = done.get(number, 0) + amount
        now_clawed = clawed_total(earned, rating, done)
        assert clawed <= now_clawed <= earned
        clawed = now_clawed
    assert clawed_total(earned, rating, dict(enumerate(amounts, 1))) == earned
