"""What points pay, and how they come back: the same lots for every way to split a return."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.ledger.errors import InsufficientPoints
from services.points.domain.ledger.ledger import Account, Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.spending.errors import RedemptionAboveShare, ReversalExceedsRedemption
from services.points.domain.spending.redeeming import (
    Moment,
    Payment,
    RedemptionPolicy,
    Return,
    Spent,
    TakenLot,
    Tariff,
    amount_of,
    give_back,
    most_points,
    policy_in_force,
    returned_for_refunds,
)
from shared.ids import new_id
from tests.points.samples import NOON, make_account, make_cause

TARIFF = Tariff(step_points=100, step_minor=50, minimum_points=200, share_percent_max=50)
SOON, LATE = NOON + timedelta(days=10), NOON + timedelta(days=90)
NOW = Moment(NOON, 0)


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


@pytest.mark.parametrize(
    ("total_minor", "paid_minor", "available", "points"),
    [
        (1_000, 0, 5_000, 1_000),
        (1_000, 450, 5_000, 0),
        (1_000, 400, 5_000, 200),
        (1_099, 0, 5_000, 1_000),
        (10_000, 0, 1_299, 1_200),
        (10_000, 0, 199, 0),
        (0, 0, 5_000, 0),
    ],
)
def test_the_most_that_can_pay_is_in_whole_steps(
    total_minor: int, paid_minor: int, available: int, points: int
) -> None:
    assert most_points(TARIFF, Payment(total_minor, paid_minor), available) == points


@given(
    st.builds(
        Tariff, st.integers(1, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 100)
    ),
    st.integers(0, 100_000),
    st.integers(0, 100_000),
)
def test_what_is_quoted_can_be_paid_and_a_step_more_cannot(
    tariff: Tariff, total_minor: int, available: int
) -> None:
    payment = Payment(total_minor, 0)
    points = most_points(tariff, payment, available)
    assert points <= available
    if points:
        assert amount_of(tariff, payment, points) <= total_minor
    more = points + tariff.step_points
    if more <= available and more >= tariff.minimum_points and points:
        with pytest.raises(RedemptionAboveShare):
            amount_of(tariff, payment, more)


def test_the_latest_policy_that_has_begun_is_in_force() -> None:
    policies = [
        RedemptionPolicy(n, NOON + timedelta(days=n), TARIFF, {"gold": TARIFF}) for n in (1, 2)
    ]
    assert policy_in_force(policies, NOON) is None
    found = policy_in_force(policies, NOON + timedelta(days=2))
    assert found is policies[1]


def test_points_pay_where_the_policy_names_the_shop_or_its_mall() -> None:
    mall, shop, other = new_id(), new_id(), new_id()
    everywhere = RedemptionPolicy(1, NOON, TARIFF)
    in_mall = RedemptionPolicy(1, NOON, TARIFF, mall_ids=frozenset({mall}))
    in_shop = RedemptionPolicy(1, NOON, TARIFF, shop_ids=frozenset({shop}))
    assert everywhere.is_offered(other, other)
    assert in_mall.is_offered(mall, other)
    assert in_shop.is_offered(other, shop)
    assert not in_mall.is_offered(other, shop)
    assert not in_shop.is_offered(mall, other)


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
    moment = Moment(SOON, 7)
    before = len(books.postings)
    give_back(books, account, spent, 80, why(1), moment)
    assert lots_of(account) == {2: 50, 4: 50}
    assert [p.points for p in books.postings[before:]] == [50, 30]
    new = next(lot for lot in account.lots if lot.version == 4)
    assert (new.terms.expires_at, new.terms.mall_id) == (SOON + timedelta(days=7), mall)
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
