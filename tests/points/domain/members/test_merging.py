"""Two accounts become one and two again: the points of both are the same before and after."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import AccountFrozen
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms, OpenLot
from services.points.domain.ledger.moves import source_of_part
from services.points.domain.members.errors import AccountHasHolds
from services.points.domain.members.merging import (
    Merge,
    Undo,
    debt_source,
    merge_account,
    undo_account,
)
from tests.points.samples import make_account, make_cause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MERGE = Merge(uuid4(), "points", {})
# Credits with their days to live; a claw-back may then leave a debt.
SIDES = st.tuples(st.lists(st.tuples(st.integers(1, 50), st.integers(-5, 50))), st.integers(0, 80))
Side = tuple[list[tuple[int, int]], int]


def filled(books: Books, side: Side) -> Account:
    credits_, clawed = side
    account = make_account()
    for points, days in credits_:
        terms = LotTerms(NOW + timedelta(days=days), pending=days % 3 == 0)
        books.credit(account, points, make_cause(), terms)
    if clawed:
        books.claw_back(account, clawed, make_cause())
    return account


def state(account: Account) -> tuple[int, int, list[tuple[LotTerms, int]]]:
    lots = [(lot.terms._replace(origin_id=None), lot.remaining) for lot in account.lots]
    return account.balance, account.pending, sorted(lots, key=str)


def known_of(books: Books, old: Account, kept: Account, emptied: list[OpenLot]) -> Undo:
    """What storage reads for an undo, from what the merge left to be written."""
    move_id = MERGE.move("merge").move_id
    sources = {source_of_part("merge", move_id, lot.version): lot for lot in emptied}
    made = {
        p.version: sources[p.cause.source_id]
        for p in books.postings
        if p.account_id == kept.account_id and p.cause.source_id in sources
    }
    debt = [p for p in books.postings if p.cause.source_id == debt_source(MERGE)]
    lots = {lot.version: lot for lot in kept.lots}
    paid = [
        (lots.get(take.lot_version, OpenLot(take.lot_version, 0, uuid4(), LotTerms())), take.points)
        for take in books.takes
        if debt and (take.account_id, take.version) == (kept.account_id, debt[0].version)
    ]
    assert old.merged_into == kept.account_id
    return Undo(made, -debt[0].points if debt else 0, paid)


@given(old_side=SIDES, kept_side=SIDES)
def test_a_merge_and_its_undo_at_once_change_nothing_of_value(
    old_side: Side, kept_side: Side
) -> None:
    books = Books()
    old, kept = filled(books, old_side), filled(books, kept_side)
    before, owed = (old.balance, kept.balance), kept.balance < 0
    was = state(old)
    emptied = list(old.lots)
    assert merge_account(books, old, kept, MERGE) == before[0]
    assert (old.balance, old.pending, old.lots, kept.balance) == (0, 0, [], sum(before))
    undo_account(books, old, kept, MERGE, known_of(books, old, kept, emptied))
    assert old.balance + kept.balance == sum(before)
    assert (old.is_open, old.merged_into) == (True, None)
    if not owed:  # Else some of the moved points have repaid it, and that stays.
        assert (old.balance, kept.balance) == before
        assert state(old) == was


def test_what_is_frozen_or_held_is_neither_merged_nor_taken_back() -> None:
    books = Books()
    old, kept = filled(books, ([(10, 5)], 0)), make_account()
    old.lots[0].frozen_case = uuid4()
    with pytest.raises(AccountFrozen):
        merge_account(books, old, kept, MERGE)
    old.lots[0].frozen_case = None
    books.hold(old, 5, NOW)
    with pytest.raises(AccountHasHolds):
        merge_account(books, old, kept, MERGE)
    books.release(old, 5)
    emptied = list(old.lots)
    merge_account(books, old, kept, MERGE)
    books.hold(kept, 5, NOW)
    undo = known_of(books, old, kept, emptied)
    with pytest.raises(AccountHasHolds):
        undo_account(books, old, kept, MERGE, undo)


def test_what_became_active_or_got_another_end_while_it_was_away_stays_so() -> None:
    books, old, kept = Books(), make_account(), make_account()
    terms = LotTerms(NOW + timedelta(days=5), pending=True, activates_at=NOW)
    books.credit(old, 10, make_cause(), terms)
    emptied = list(old.lots)
    merge_account(books, old, kept, MERGE)
    later = NOW + timedelta(days=50)
    books.change_lot(kept, kept.lots[0], "activated", "{}", pending=False, activates_at=None)
    books.change_lot(kept, kept.lots[0], "expiry_set", "{}", expires_at=later)
    undo_account(books, old, kept, MERGE, known_of(books, old, kept, emptied))
    assert (old.pending, old.available(NOW), old.lots[0].expires_at) == (0, 10, later)
