"""What refunds take back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.receipts.earning import points_of
from services.points.domain.receipts.earning_rates import Rate
from services.points.domain.receipts.errors import RefundExceedsSale, RefundLineUnknown
from services.points.domain.receipts.refunds import (
    SoldLine,
    check_refund,
    clawed_total,
    refunded_by_line,
)
from tests.points.samples import make_lines, make_policy, make_refund_lines, rate

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
