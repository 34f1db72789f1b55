"""Credits, debits, lots and debt. S-1d, S-4's clamp, S-5, S-7 and Q-6 need expiry, clamping or
holds, which the ledger does not have yet; S-1f is a sum over the open lots."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.errors import InsufficientPoints
from services.points.domain.ledger import Account, Books, LotTerms
from tests.points.samples import make_account, make_cause

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
    books.spend(account, 100, make_cause())
    assert remaining(account) == [(100, JUNE)]
    assert account.balance == 100


def test_s_1b_what_never_expires_is_spent_last() -> None:
    books, account = Books(), make_account()
    credit(books, account, (100, None), (100, JANUARY))
    books.spend(account, 100, make_cause())
    assert remaining(account) == [(100, None)]


def test_s_1c_a_debit_goes_over_to_the_next_lot() -> None:
    books, account = Books(), make_account()
    credit(books, account, (50, JANUARY), (50, FEBRUARY))
    books.spend(account, 70, make_cause())
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
    books.spend(account, 10, make_cause())
    with pytest.raises(InsufficientPoints) as refused:
        books.spend(account, 100, make_cause())
    assert refused.value.facts == {"balance": 90, "shortfall": 10}
    assert (account.balance, account.version, len(books.postings)) == (90, 2, 2)


def test_nothing_can_be_spent_out_of_debt() -> None:
    books, account = Books(), make_account()
    books.claw_back(account, 5, make_cause())
    with pytest.raises(InsufficientPoints) as refused:
        books.spend(account, 1, make_cause())
    assert refused.value.facts == {"balance": -5, "shortfall": 6}


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
    books.spend(account, 6, make_cause())
    assert [(lot.version, lot.remaining) for lot in account.lots] == [(2, 6)]


def test_a_posting_keeps_the_origin_of_what_was_decided() -> None:
    books, account = Books(), make_account()
    books.origin = ("correlation", "trace")
    credit(books, account, (5, None))
    [posting] = books.postings
    assert posting.origin == ("correlation", "trace")
    assert (posting.version, posting.balance_after) == (1, 5)


moves = st.lists(
    st.tuples(
        st.sampled_from(["credit", "spend", "claw"]),
        st.integers(1, 100),
        st.sampled_from([None, JANUARY, JUNE]),
    ),
    max_size=40,
)


@given(moves)
def test_the_balance_is_the_open_lots_or_a_debt(
    steps: list[tuple[str, int, datetime | None]],
) -> None:
    books, account = Books(), make_account()
    for kind, points, expires_at in steps:
        if kind == "credit":
            credit(books, account, (points, expires_at))
        elif kind == "claw":
            books.claw_back(account, points, make_cause())
        elif points <= account.balance:
            books.spend(account, points, make_cause())
        open_points = sum(lot.remaining for lot in account.lots)
        assert open_points == max(0, account.balance)
        assert all(lot.remaining > 0 for lot in account.lots)
    assert [posting.version for posting in books.postings] == list(range(1, account.version + 1))
    assert sum(posting.points for posting in books.postings) == account.balance
    given_by_lot = {p.version: p.points for p in books.postings if p.points > 0}
    for take in books.takes:
        given_by_lot[take.lot_version] -= take.points
    assert all(left >= 0 for left in given_by_lot.values())
    assert sum(given_by_lot.values()) == max(0, account.balance)
