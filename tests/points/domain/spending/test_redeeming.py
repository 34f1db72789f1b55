"""How points come back: the same lots for every way to split a return."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.expiry.expiry import end_of_day
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import InsufficientPoints
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.spending.errors import ReversalExceedsRedemption
from services.points.domain.spending.redeeming import (
    Moment,
    Return,
    Spent,
    TakenLot,
    give_back,
    returned_for_refunds,
)
from shared.ids import new_id
from tests.points.samples import NOON, make_account, make_cause

SOON, LATE = NOON + timedelta(days=10), NOON + timedelta(days=90)
NOW = Moment(NOON, 0, lambda _: "UTC")


def spent_of(books: Books, account: Account, points: int) -> Spent:
    """A redemption of so many points, as it would be read back."""
    terms = {lot.version: (lot.terms, lot.source_id) for lot in account.lots}
    posting = books.spend(account, points, make_cause("redeem"), NOON)
    taken = [
        TakenLot(take.lot_version, *terms[take.lot_version], take.points)
        for take in books.takes
        if take.version == posting.version
    ]
    taken.sort(key=lambda lot: lot.lot_version)
    return Spent(new_id(), account.account_id, points, 0, None, None, None, taken)


def lots_of(account: Account) -> dict[int, int]:
    return {lot.version: lot.remaining for lot in account.lots}


def why(source: object) -> Return:
    return Return(source, "redemption_reversed", {})


def test_d_1_after_a_reward_of_500_the_rest_of_575_is_left_in_its_lot() -> None:
    books, account = Books(), make_account()
    books.credit(account, 575, make_cause(), LotTerms(expires_at=LATE))
    spent_of(books, account, 500)
    assert lots_of(account) == {1: 75}


def test_o_10_what_is_not_there_cannot_be_spent() -> None:
    books, account = Books(), make_account()
    books.credit(account, 100, make_cause(), LotTerms())
    spent_of(books, account, 10)
    with pytest.raises(InsufficientPoints) as refused:
        spent_of(books, account, 100)
    assert refused.value.facts["shortfall"] == 10


@given(
    credits=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    ends=st.lists(st.sampled_from([None, SOON, LATE]), min_size=5, max_size=5),
    parts=st.lists(st.integers(1, 40), max_size=8),
    data=st.data(),
)
def test_every_way_to_split_a_return_gives_back_the_same_lots(
    credits: list[int], ends: list[object], parts: list[int], data: st.DataObject
) -> None:
    found = []
    spend = data.draw(st.integers(1, sum(credits)))
    total = min(spend, sum(parts))
    for split in (parts, [total]):
        books, account = Books(), make_account()
        for points, end in zip(credits, ends, strict=False):
            books.credit(account, points, make_cause(), LotTerms(expires_at=end))  # type: ignore[arg-type]
        before = lots_of(account)
        spent = spent_of(books, account, spend)
        for number, part in enumerate(split):
            part = min(part, spend - spent.returned)
            if part:
                give_back(books, account, spent, part, why(number), NOW)
        found.append(lots_of(account))
        assert spent.returned == total
        if total == spend:
            assert lots_of(account) == before
    assert found[0] == found[1]


def test_no_more_comes_back_than_was_spent() -> None:
    books, account = Books(), make_account()
    books.credit(account, 50, make_cause(), LotTerms())
    spent = spent_of(books, account, 30)
    give_back(books, account, spent, 20, why(1), NOW)
    with pytest.raises(ReversalExceedsRedemption) as refused:
        give_back(books, account, spent, 11, why(2), NOW)
    assert refused.value.facts["returnable"] == 10


def test_only_lots_whose_end_has_passed_get_the_grace_in_lots_of_their_own() -> None:
    books, account = Books(), make_account()
    mall = new_id()
    for end in (SOON, LATE):
        books.credit(account, 50, make_cause(), LotTerms(expires_at=end, mall_id=mall))
    spent = spent_of(books, account, 80)
    moment = Moment(SOON, 7, lambda _: "UTC")
    before = len(books.postings)
    give_back(books, account, spent, 80, why(1), moment)
    assert lots_of(account) == {2: 50, 4: 50}
    assert [p.points for p in books.postings[before:]] == [50, 30]
    new = next(lot for lot in account.lots if lot.version == 4)
    last_day = end_of_day(SOON.date() + timedelta(days=7), "UTC")
    assert (new.terms.expires_at, new.terms.mall_id) == (last_day, mall)
    assert new.terms.origin_id == spent.taken[0].source_id


def test_what_a_capture_took_on_credit_comes_back_as_a_lot_of_its_own() -> None:
    books, account = Books(), make_account()
    spent = Spent(new_id(), account.account_id, 40, 0, None, None, None, [])
    account.balance = -40
    give_back(books, account, spent, 15, why(1), NOW)
    assert (account.balance, account.lots) == (-25, [])
    give_back(books, account, spent, 25, why(2), NOW)
    assert (account.balance, spent.returned) == (0, 40)


def test_points_of_a_merged_account_come_back_to_the_other_as_they_were() -> None:
    books, account, survivor = Books(), make_account(), make_account()
    books.credit(account, 50, make_cause(), LotTerms(expires_at=LATE))
    spent = spent_of(books, account, 50)
    give_back(books, survivor, spent, 50, why(1), NOW)
    assert [(lot.remaining, lot.expires_at) for lot in survivor.lots] == [(50, LATE)]


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.data())
def test_refunds_give_back_in_proportion_and_all_with_the_last(
    points: int, total_minor: int, data: st.DataObject
) -> None:
    spent = Spent(new_id(), new_id(), points, 0, None, None, None, [])
    refunded = sorted(data.draw(st.lists(st.integers(0, total_minor), max_size=6)))
    returned = [returned_for_refunds(spent, total_minor, minor) for minor in refunded]
    assert returned == sorted(returned)
    assert returned_for_refunds(spent, total_minor, total_minor) == points
    assert returned_for_refunds(spent, 0, 0) == 0


@given(points=st.integers(1, 500), amount_minor=st.integers(0, 500), data=st.data())
def test_what_still_pays_a_receipt_falls_with_what_came_back_to_nothing(
    points: int, amount_minor: int, data: st.DataObject
) -> None:
    spent = Spent(new_id(), new_id(), points, 0, None, None, None, [], amount_minor)
    paid = []
    for returned in sorted(data.draw(st.lists(st.integers(0, points), max_size=6))):
        spent.returned = returned
        paid.append(spent.paid_minor)
        assert paid[-1] * points >= amount_minor * (points - returned)
    assert paid == sorted(paid, reverse=True)
    spent.returned = points
    assert spent.paid_minor == 0
