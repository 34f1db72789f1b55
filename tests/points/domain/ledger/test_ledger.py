"""Credits, debits, lots, holds and debt; S-1f is a sum over the open lots."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import AccountFrozen, InsufficientPoints
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms, OpenLot
from shared.ids import new_id
from tests.points.samples import make_account, make_cause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
JANUARY = datetime(2027, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2027, 2, 1, tzinfo=UTC)
MARCH = datetime(2027, 3, 1, tzinfo=UTC)
JUNE = datetime(2027, 6, 1, tzinfo=UTC)
JULY = datetime(2027, 7, 1, tzinfo=UTC)


def credit(books: Books, account: Account, *credits: tuple[int, datetime | None]) -> None:
    for points, expires_at in credits:
        books.credit(account, points, make_cause(), LotTerms(expires_at=expires_at))


def remaining(account: Account) -> list[tuple[int, datetime | None]]:
    return [(lot.remaining, lot.expires_at) for lot in account.lots]


def test_s_1a_the_earliest_expiry_is_spent_first() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, JUNE), (100, JANUARY))
    books.spend(account, 100, make_cause(), NOW)
    assert remaining(account) == [(100, JUNE)]
    assert account.balance == 100


def test_s_1b_what_never_expires_is_spent_last() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, None), (100, JANUARY))
    books.spend(account, 100, make_cause(), NOW)
    assert remaining(account) == [(100, None)]


def test_s_1c_a_debit_goes_over_to_the_next_lot() -> None:
    books, account = Books(), make_account()
    credit(books, account, (50, JANUARY), (50, FEBRUARY))
    books.spend(account, 70, make_cause(), NOW)
    assert remaining(account) == [(30, FEBRUARY)]
    assert [(take.lot_version, take.points) for take in books.takes] == [(1, 50), (2, 20)]


def test_s_1e_a_credit_repays_the_debt_before_it_makes_points() -> None:
    books, account = Books(), make_account()
    credit(books, account, (50, None))
    books.claw_back(account, 80, make_cause())
    assert (account.balance, account.lots) == (-30, [])
    credit(books, account, (100, None))
    assert (account.balance, remaining(account)) == (70, [(70, None)])
    assert [(take.version, take.lot_version, take.points) for take in books.takes] == [
        (2, 1, 50),
        (3, 3, 30),
    ]


def test_s_1f_open_lots_say_what_is_gone_by_when() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, FEBRUARY), (200, JUNE), (50, None))

    def gone_by(instant: datetime) -> int:
        return sum(n for n, expires_at in remaining(account) if expires_at and expires_at < instant)

    assert (gone_by(MARCH), gone_by(JULY)) == (100, 300)


def test_a_credit_smaller_than_the_debt_leaves_no_lot_open() -> None:
    books, account = Books(), make_account()
    books.claw_back(account, 80, make_cause())
    credit(books, account, (30, None))
    assert (account.balance, account.lots) == (-50, [])


def test_o_10_more_than_the_balance_is_refused_with_the_shortfall() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, None))
    books.spend(account, 10, make_cause(), NOW)
    with pytest.raises(InsufficientPoints) as refused:
        books.spend(account, 100, make_cause(), NOW)
    assert refused.value.facts == {"balance": 90, "available": 90, "shortfall": 10}
    assert (account.balance, account.version, len(books.postings)) == (90, 2, 2)


def test_nothing_can_be_spent_out_of_debt() -> None:
    books, account = Books(), make_account()
    books.claw_back(account, 5, make_cause())
    with pytest.raises(InsufficientPoints) as refused:
        books.spend(account, 1, make_cause(), NOW)
    assert refused.value.facts == {"balance": -5, "available": 0, "shortfall": 1}


def test_a_claw_back_takes_first_what_its_own_source_gave() -> None:
    books, account = Books(), make_account()
    credit(books, account, (10, JANUARY))
    cause = make_cause("earn")
    books.credit(account, 10, cause, LotTerms(expires_at=JUNE))
    books.claw_back(account, 4, make_cause(), own_source=cause.source_id)
    assert remaining(account) == [(10, JANUARY), (6, JUNE)]


def test_of_two_lots_with_the_same_expiry_the_older_goes_first() -> None:
    books, account = Books(), make_account()
    credit(books, account, (5, JUNE), (7, JUNE))
    books.spend(account, 6, make_cause(), NOW)
    assert [(lot.version, lot.remaining) for lot in account.lots] == [(2, 6)]


def test_a_posting_keeps_the_origin_of_what_was_decided() -> None:
    books, account = Books(), make_account()
    books.origin = ("correlation", "trace")
    credit(books, account, (5, None))
    [posting] = books.postings
    assert posting.origin == ("correlation", "trace")
    assert (posting.version, posting.balance_after) == (1, 5)


def test_s_1d_what_has_ended_is_gone_and_the_rest_stays() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, JANUARY), (40, None))
    expired = [lot for lot in account.lots if lot.is_expired(JANUARY)]
    books.take_from(account, [(lot, lot.remaining) for lot in expired], make_cause())
    assert (account.balance, remaining(account)) == (40, [(40, None)])


def test_ended_points_cannot_be_spent_even_before_they_are_taken_off() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, JANUARY), (40, None))
    assert (account.available(JANUARY), account.balance) == (40, 140)
    with pytest.raises(InsufficientPoints):
        books.spend(account, 41, make_cause(), JANUARY)
    books.spend(account, 40, make_cause(), JANUARY)
    assert remaining(account) == [(100, JANUARY)]


def test_a_claw_back_takes_pending_points_before_active_ones() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, JANUARY))
    books.credit(account, 50, make_cause(), LotTerms(pending=True))
    books.claw_back(account, 60, make_cause())
    assert (account.pending, remaining(account)) == (0, [(90, JANUARY)])


def test_debt_is_repaid_out_of_pending_points_too() -> None:
    books, account = Books(), make_account()
    books.claw_back(account, 30, make_cause())
    books.credit(account, 100, make_cause(), LotTerms(pending=True))
    assert (account.balance, account.pending) == (70, 70)


def test_q_6_what_is_held_is_not_available_until_it_is_released() -> None:
    books, account = Books(), make_account()
    credit(books, account, (12, None))
    books.hold(account, 10, NOW)
    assert (account.balance, account.available(NOW)) == (12, 2)
    with pytest.raises(InsufficientPoints) as refused:
        books.hold(account, 3, NOW)
    assert refused.value.facts["shortfall"] == 1
    books.release(account, 10)
    assert account.available(NOW) == 12


def test_a_capture_spends_what_was_held_and_frees_the_rest() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, None))
    books.hold(account, 80, NOW)
    posting = books.capture(account, 50, 30, make_cause())
    assert (posting.points, posting.balance_after, posting.held_after) == (-50, 50, 0)
    assert account.available(NOW) == 50


def test_a_hold_keeps_what_ends_first_past_its_end() -> None:
    books, account = Books(), make_account()
    credit(books, account, (50, JANUARY), (50, None))
    books.hold(account, 50, NOW)
    assert account.available(JANUARY) == 50
    books.capture(account, 50, 0, make_cause())
    assert remaining(account) == [(50, None)]


def test_a_capture_after_a_claw_back_is_paid_and_leaves_the_debt() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, None))
    books.hold(account, 100, NOW)
    books.claw_back(account, 60, make_cause())
    assert account.available(NOW) == 0
    books.capture(account, 100, 0, make_cause())
    assert (account.balance, account.lots) == (-60, [])


def test_a_capture_that_needs_frozen_points_takes_those_that_end_first() -> None:
    books, account = Books(), make_account()
    credit(books, account, (10, None), (20, JUNE), (30, JANUARY))
    books.hold(account, 60, NOW)
    for lot in account.lots[:2]:
        books.change_lot(account, lot, "frozen", "{}", frozen_case=new_id())
    books.capture(account, 40, 20, make_cause())
    assert [(lot.version, lot.remaining) for lot in account.lots] == [(1, 10), (2, 10)]


def test_points_given_back_return_to_their_lots_with_their_end() -> None:
    books, account = Books(), make_account()
    credit(books, account, (50, JANUARY), (50, JUNE))
    books.spend(account, 70, make_cause(), NOW)
    first = OpenLot(1, 0, make_cause().source_id, LotTerms(expires_at=JANUARY))
    [second] = account.lots
    posting = books.give_back(account, [(first, 50), (second, 20)], make_cause())
    assert (posting.points, posting.terms, account.balance) == (70, None, 100)
    assert remaining(account) == [(50, JUNE), (50, JANUARY)]
    assert [(r.version, r.lot_version, r.points) for r in books.returns] == [(4, 1, 50), (4, 2, 20)]


def test_points_given_back_repay_debt_first() -> None:
    books, account = Books(), make_account()
    credit(books, account, (50, JANUARY))
    books.spend(account, 50, make_cause(), NOW)
    books.claw_back(account, 30, make_cause())
    lot = OpenLot(1, 0, make_cause().source_id, LotTerms(expires_at=JANUARY))
    books.give_back(account, [(lot, 50)], make_cause())
    assert (account.balance, remaining(account)) == (20, [(20, JANUARY)])


def test_nothing_goes_out_of_a_frozen_account_and_credits_come_in() -> None:
    books, account = Books(), make_account()
    account.frozen_case = make_cause().source_id
    credit(books, account, (50, None))
    assert (account.balance, account.available(NOW)) == (50, 0)
    with pytest.raises(AccountFrozen):
        books.spend(account, 1, make_cause(), NOW)


moves = st.lists(
    st.tuples(
        st.sampled_from(["credit", "pending", "activate", "spend", "claw", "hold", "capture"]),
        st.integers(1, 100),
        st.sampled_from([None, JANUARY, JUNE]),
    ),
    max_size=40,
)


def move(books: Books, account: Account, kind: str, points: int, ends: datetime | None) -> None:
    """One step of a random life; what is not possible just now does not happen."""
    available = account.available(NOW)
    match kind:
        case "credit" | "pending":
            terms = LotTerms(ends, pending=kind == "pending")
            books.credit(account, points, make_cause(), terms)
        case "activate" if account.lots:
            books.change_lot(account, account.lots[0], "activated", "{}", pending=False)
        case "claw":
            books.claw_back(account, points, make_cause())
        case "hold" if points <= available:
            books.hold(account, points, NOW)
        case "capture" if account.held:
            captured = min(points, account.held)
            books.capture(account, captured, account.held - captured, make_cause())
        case "spend" if points <= available:
            books.spend(account, points, make_cause(), NOW)


@given(moves)
def test_the_balance_is_the_open_lots_or_a_debt(
    steps: list[tuple[str, int, datetime | None]],
) -> None:
    books, account = Books(), make_account()
    for kind, points, ends in steps:
        move(books, account, kind, points, ends)
        open_points = sum(lot.remaining for lot in account.lots)
        assert open_points == max(0, account.balance)
        assert all(lot.remaining > 0 for lot in account.lots)
        assert account.pending == sum(lot.remaining for lot in account.lots if lot.terms.pending)
        assert 0 <= account.available(NOW) <= max(0, account.balance)
    assert [posting.version for posting in books.postings] == list(range(1, account.version + 1))
    assert sum(posting.points for posting in books.postings) == account.balance
    given_by_lot = {p.version: p.points for p in books.postings if p.points > 0}
    for take in books.takes:
        given_by_lot[take.lot_version] -= take.points
    assert all(left >= 0 for left in given_by_lot.values())
    assert sum(given_by_lot.values()) == max(0, account.balance)
