"""The three modes of a claw-back; S-4 is the middle one."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.receipts.clawbacks import most_to_claw
from services.points.domain.receipts.earning import Clawback
from services.points.domain.receipts.pos_records import Stored
from services.points.domain.receipts.receipt_books import apply_refund, post_sale
from tests.points.samples import (
    NOON,
    make_account,
    make_cause,
    make_lines,
    make_policy,
    make_stored,
    make_stored_refund,
)


@pytest.mark.parametrize(
    ("mode", "balance", "forgiven"),
    [(Clawback.DEBT, -100, 0), (Clawback.CLAMP, 0, 100), (Clawback.WITHIN_BALANCE, 0, 100)],
)
def test_s_4_a_refund_after_spending_takes_what_its_mode_lets_it(
    mode: Clawback, balance: int, forgiven: int
) -> None:
    books, account = Books(), make_account()
    sale = make_stored(make_lines(15_000), make_policy(clawback=mode))
    post_sale(books, account, sale, NOON)
    books.spend(account, 100, make_cause(), NOON)
    refund = make_stored_refund(sale, (1, 15_000))
    apply_refund(books, account, sale, refund, [], refund.recorded_at)
    assert (account.balance, refund.forgiven, sale.forgiven) == (balance, forgiven, forgiven)
    assert (refund.points, sale.clawed) == (forgiven - 150, 150)
    reason = json.loads(books.postings[-1].cause.reason)
    assert (reason["mode"], reason["forgiven"]) == (mode, forgiven)
    notes = json.loads(refund.notes or "[]")
    assert [note["points"] for note in notes] == ([forgiven] if forgiven else [])


@pytest.mark.parametrize("mode", [Clawback.CLAMP, Clawback.WITHIN_BALANCE])
def test_held_points_are_promised_and_stay_unless_their_hold_is_over(mode: Clawback) -> None:
    books, account = Books(), make_account()
    books.credit(account, 100, make_cause(), LotTerms())
    books.hold(account, 80, NOON)
    account.ending_holds = [(NOON, 30), (NOON + timedelta(hours=1), 50)]
    assert most_to_claw(mode, account, 100, NOON - timedelta(hours=1)) == 20
    assert most_to_claw(mode, account, 100, NOON) == 50


def test_a_refund_that_waited_takes_what_is_free_when_it_counts() -> None:
    books, account = Books(), make_account()
    sale = make_stored(make_lines(10_000), make_policy(clawback=Clawback.CLAMP))
    post_sale(books, account, sale, NOON)
    books.hold(account, 80, NOON)
    account.ending_holds = [(NOON + timedelta(days=1), 80)]
    refund = make_stored_refund(sale, (1, 10_000))
    apply_refund(books, account, sale, refund, [], NOON + timedelta(days=2))
    assert refund.recorded_at < NOON + timedelta(days=1)
    assert (refund.points, refund.forgiven) == (-100, 0)


def test_pending_points_do_not_stand_in_for_what_is_held_of_lots_that_froze() -> None:
    books, account = Books(), make_account()
    books.credit(account, 100, make_cause(), LotTerms())
    books.hold(account, 100, NOON)
    books.credit(account, 30, make_cause(), LotTerms(pending=True))
    account.lots[0].remaining, account.balance = 90, 120
    assert most_to_claw(Clawback.WITHIN_BALANCE, account, 100, NOON) == 20


@given(
    earned=st.integers(1, 300),
    before=st.integers(0, 200),
    held=st.integers(1, 300),
    taken=st.integers(1, 300),
    refunded_minor=st.integers(100, 30_000),
    mode=st.sampled_from(Clawback),
)
def test_a_capture_before_or_after_the_refund_ends_in_the_same_balance(
    earned: int, before: int, held: int, taken: int, refunded_minor: int, mode: Clawback
) -> None:
    held = min(held, earned + before)
    taken = min(taken, held)
    refunded_minor = min(refunded_minor, earned * 100)
    ends = set()
    for is_captured_first in (True, False):
        books, account = Books(), make_account()
        if before:
            books.credit(account, before, make_cause(), LotTerms())
        sale = make_stored(make_lines(earned * 100), make_policy(clawback=mode))
        post_sale(books, account, sale, NOON)
        books.hold(account, held, NOON)
        refund = make_stored_refund(sale, (1, refunded_minor))
        if is_captured_first:
            books.capture(account, taken, 0, make_cause())
        apply_refund(books, account, sale, refund, [], refund.recorded_at)
        if not is_captured_first:
            books.capture(account, taken, 0, make_cause())
        assert mode is Clawback.DEBT or account.balance >= account.held
        ends.add((account.balance, account.held, refund.forgiven))
    assert len(ends) == 1, ends


def test_pending_points_are_within_the_balance_and_what_is_frozen_or_over_is_not() -> None:
    books, account = Books(), make_account()
    books.credit(account, 30, make_cause(), LotTerms(pending=True))
    books.credit(account, 50, make_cause(), LotTerms(expires_at=NOON - timedelta(days=1)))
    books.credit(account, 20, make_cause(), LotTerms())
    assert most_to_claw(Clawback.WITHIN_BALANCE, account, 100, NOON) == 50
    account.frozen_case = uuid4()
    assert most_to_claw(Clawback.WITHIN_BALANCE, account, 100, NOON) == 30


def test_a_refund_that_forgives_all_moves_nothing_and_says_so() -> None:
    books, account = Books(), make_account()
    sale = make_stored(make_lines(10_000), make_policy(clawback=Clawback.CLAMP))
    post_sale(books, account, sale, NOON)
    books.spend(account, 100, make_cause(), NOON)
    before = len(books.postings)
    refund = make_stored_refund(sale, (1, 10_000))
    apply_refund(books, account, sale, refund, [], refund.recorded_at)
    assert (len(books.postings), refund.points, refund.forgiven) == (before, 0, 100)
    assert json.loads(refund.notes or "") == [
        {"code": "clawback_forgiven", "mode": "clamp", "points": 100}
    ]


@given(
    parts=st.lists(st.integers(1, 4_000), min_size=1, max_size=6),
    spent=st.integers(0, 100),
    mode=st.sampled_from(Clawback),
)
def test_what_was_forgiven_once_is_not_asked_for_again(
    parts: list[int], spent: int, mode: Clawback
) -> None:
    books, account = Books(), make_account()
    sale = make_stored(make_lines(10_000), make_policy(clawback=mode))
    post_sale(books, account, sale, NOON)
    if spent:
        books.spend(account, spent, make_cause(), NOON)
    done: list[Stored] = []
    left = 10_000
    for part in parts:
        if not (part := min(part, left)):
            break
        left -= part
        refund = make_stored_refund(sale, (1, part))
        before = sale.clawed
        apply_refund(books, account, sale, refund, done, refund.recorded_at)
        done.append(refund)
        assert sale.clawed - before == -refund.points + refund.forgiven >= 0
        assert mode is Clawback.DEBT or account.balance >= 0
    assert sale.clawed == (10_000 - left) * 100 // 10_000
    assert sale.forgiven == sum(refund.forgiven for refund in done)
    books.credit(account, 50, make_cause(), LotTerms())
    assert account.balance == 150 - spent - sale.clawed + sale.forgiven
