"""Points that change hands: nothing is made, lost or given a longer life."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import InsufficientPoints
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.ledger.moves import Move, move_lots, pick_spendable
from tests.points.samples import make_account, make_cause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
Lots = list[tuple[int, int | None]]
LOTS = st.lists(
    st.tuples(st.integers(1, 100), st.one_of(st.none(), st.integers(-5, 50))), max_size=6
)


def filled(books: Books, lots: Lots, debt: int = 0) -> Account:
    account = make_account()
    if debt:
        books.credit(account, 1, make_cause(), LotTerms())
        books.claw_back(account, debt + 1, make_cause())
        return account
    for points, days in lots:
        end = None if days is None else NOW + timedelta(days=days)
        books.credit(account, points, make_cause(), LotTerms(end, mall_id=uuid4()))
    return account


def kept(account: Account) -> list[tuple[object, ...]]:
    return sorted(
        ((str(x.expires_at), str(x.terms.mall_id), x.remaining) for x in account.lots), key=str
    )


@given(lots=LOTS, points=st.integers(1, 300), debt=st.integers(0, 50))
def test_what_leaves_one_account_comes_to_the_other(lots: Lots, points: int, debt: int) -> None:
    books = Books()
    giver, receiver = filled(books, lots), filled(books, [], debt)
    before, available = giver.balance + receiver.balance, giver.available(NOW)
    if points > available:
        with pytest.raises(InsufficientPoints):
            pick_spendable(giver, points, NOW)
        return
    parts = pick_spendable(giver, points, NOW)
    made = move_lots(books, giver, receiver, parts, Move("transfer", uuid4(), {}))
    assert giver.balance + receiver.balance == before
    assert giver.available(NOW) == available - points
    assert sum(posting.points for posting in made) == points
    assert sum(lot.remaining for lot in receiver.lots) == max(0, receiver.balance)


@given(lots=LOTS)
def test_there_and_back_leaves_every_lot_as_it_was(lots: Lots) -> None:
    books = Books()
    giver, friend = filled(books, lots), make_account()
    before = kept(giver)
    sources = {lot.source_id for lot in giver.lots}
    if points := giver.available(NOW):
        for one, other in ((giver, friend), (friend, giver)):
            parts = pick_spendable(one, points, NOW)
            move_lots(books, one, other, parts, Move("transfer", uuid4(), {}))
    assert kept(giver) == before
    assert {lot.source_id for lot in giver.lots} == sources


def test_both_sides_say_the_same_reason_and_no_two_postings_share_a_source() -> None:
    books = Books()
    giver, receiver = filled(books, [(10, 1), (20, 2)]), make_account()
    start = len(books.postings)
    move = Move("transfer", uuid4(), {"points": 30})
    move_lots(books, giver, receiver, pick_spendable(giver, 30, NOW), move)
    postings = books.postings[start:]
    assert [p.cause.kind for p in postings] == ["transfer_out", "transfer_in", "transfer_in"]
    assert {p.cause.reason for p in postings} == {move.reason}
    assert json.loads(move.reason)["move_id"] == str(move.move_id)
    assert len({p.cause.source_id for p in postings}) == 3
    assert sum(p.points for p in postings) == 0
