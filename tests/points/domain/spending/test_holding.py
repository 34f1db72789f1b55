"""Holds as rules: set aside, captured in parts, released, run out."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import InsufficientPoints
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.spending import holding
from services.points.domain.spending.errors import HoldClosed, HoldExpired, HoldTooSmall
from services.points.domain.spending.holding import Capture, Hold
from shared.ids import new_id
from tests.points.samples import NOON, make_account, make_cause

LATER = NOON + timedelta(minutes=5)


def account_with(books: Books, points: int) -> Account:
    account = make_account()
    books.credit(account, points, make_cause(), LotTerms())
    return account


def make_hold(books: Books, account: Account, points: int, kind: str = holding.PAYMENT) -> Hold:
    """A hold that ends in five minutes."""
    hold = Hold(
        new_id(),
        account.account_id,
        kind,
        holding.OPEN,
        points,
        0,
        "R1",
        None,
        None,
        "till",
        LATER,
        NOON,
    )
    holding.open_hold(books, account, hold, NOON)
    return hold


def take(points: int | None = None, *, is_final: bool = True) -> Capture:
    return Capture(new_id(), points, is_final)


def test_a_hold_says_what_it_left_to_spend() -> None:
    books = Books()
    account = account_with(books, 100)
    assert make_hold(books, account, 30).available_after == 70
    with pytest.raises(InsufficientPoints):
        make_hold(books, account, 71)


def test_a_capture_keeps_why_and_frees_the_rest_when_it_is_final() -> None:
    books = Books()
    account = account_with(books, 100)
    hold = make_hold(books, account, 60)
    posting = holding.capture_hold(books, account, hold, take(20), NOON)
    assert (account.balance, account.held, hold.status) == (80, 0, holding.CAPTURED)
    told = json.loads(posting.cause.reason)
    assert (told["held"], told["captured_before"], told["released"]) == (60, 0, 40)
    with pytest.raises(HoldClosed):
        holding.capture_hold(books, account, hold, take(), NOON)


def test_the_capture_of_all_that_is_left_closes_the_hold_though_it_is_not_final() -> None:
    books = Books()
    account = account_with(books, 100)
    hold = make_hold(books, account, 60)
    holding.capture_hold(books, account, hold, take(60, is_final=False), NOON)
    assert (hold.status, hold.closed_at) == (holding.CAPTURED, NOON)


def test_only_holds_of_payments_run_out_and_only_those_of_the_account() -> None:
    books = Books()
    account, other = account_with(books, 100), account_with(books, 100)
    mine, orders = make_hold(books, account, 10), make_hold(books, account, 20, holding.ORDER)
    others = make_hold(books, other, 5)
    holds = [mine, orders, others]
    assert holding.expire_due(books, account, holds, LATER - timedelta(seconds=1)) == []
    assert holding.expire_due(books, account, holds, LATER) == [mine]
    assert (account.held, other.held, mine.status) == (20, 5, holding.EXPIRED)
    with pytest.raises(HoldExpired):
        holding.capture_hold(books, account, mine, take(), LATER)
    holding.release_hold(books, account, mine, LATER)
    assert account.held == 20


@given(
    points=st.integers(1, 50),
    steps=st.lists(st.tuples(st.sampled_from("cr"), st.integers(1, 60), st.booleans())),
)
def test_what_is_held_is_always_what_open_holds_set_aside(
    points: int, steps: list[tuple[str, int, bool]]
) -> None:
    books = Books()
    account = account_with(books, 100)
    hold = make_hold(books, account, points)
    for step, size, is_final in steps:
        try:
            if step == "c":
                holding.capture_hold(books, account, hold, take(size, is_final=is_final), NOON)
            else:
                holding.release_hold(books, account, hold, NOON)
        except (HoldClosed, HoldTooSmall):
            pass
        assert account.held == hold.left
        assert account.balance == 100 - hold.captured
        assert hold.captured <= points
