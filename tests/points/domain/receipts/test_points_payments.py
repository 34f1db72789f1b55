"""What points paid of a receipt, by the books and by its till."""

from json import loads

import pytest

from services.points.domain.receipts.earning import points_of, rate_lines
from services.points.domain.receipts.earning_rates import Basis
from services.points.domain.receipts.points_payments import (
    Mismatch,
    PointsPayment,
    find_mismatch,
    notes_with,
    tenders_as_paid,
)
from tests.points.samples import SHOP, make_lines, make_policy

CASH = ("cash", 9_000)


@pytest.mark.parametrize(
    ("tendered", "paid", "found"),
    [
        (500, [PointsPayment(500, 10_000)], None),
        (500, [PointsPayment(200, 10_000), PointsPayment(300, 10_000)], None),
        (0, [], None),
        (0, [PointsPayment(0, 9)], None),
        (0, [PointsPayment(500, 10_000)], Mismatch(500, 0, None)),
        (500, [], Mismatch(0, 500, None)),
        (500, [PointsPayment(500, 99_000)], Mismatch(500, 500, 99_000)),
        (500, [PointsPayment(300, 1), PointsPayment(200, 7)], Mismatch(500, 500, 7)),
        (500, [PointsPayment(500, None)], None),
    ],
    ids=[
        "the same",
        "by two",
        "no points",
        "undone",
        "no tender",
        "invented",
        "another total",
        "other totals",
        "no total",
    ],
)
def test_a_receipt_and_its_payments_are_compared(
    tendered: int, paid: list[PointsPayment], found: Mismatch | None
) -> None:
    tenders = [("points", tendered), CASH] if tendered else [CASH]
    assert find_mismatch(tenders, 10_000, paid) == found


def test_the_larger_of_what_was_paid_and_what_was_said_is_what_points_paid() -> None:
    tenders = [("points", 500), CASH]
    assert tenders_as_paid(tenders, None) == tenders
    assert tenders_as_paid(tenders, Mismatch(200, 500, None)) == tenders
    assert tenders_as_paid(tenders, Mismatch(700, 500, None)) == [*tenders, ("points", 200)]


def test_a_receipt_that_points_overpaid_earns_nothing_and_takes_nothing() -> None:
    policy = make_policy(basis=Basis(excluded_tenders=frozenset({"points"})))
    tenders = tenders_as_paid([], Mismatch(20_000, 0, None))
    assert points_of(rate_lines(policy, SHOP, make_lines(10_000), None, tenders), None) == 0


def test_what_differs_is_told_beside_what_is_told_anyway() -> None:
    assert notes_with(None, None, 10) == "[]"
    assert notes_with('[{"code":"cooldown"}]', None, 10) == '[{"code":"cooldown"}]'
    told = loads(notes_with('[{"code":"cooldown"}]', Mismatch(700, 500, 99), 10))
    assert told == [
        {"code": "cooldown"},
        {"code": "points_tender_differs", "tendered_minor": 500, "redeemed_minor": 700},
        {"code": "points_total_differs", "claimed_minor": 99, "total_minor": 10},
    ]
