"""Sales earn, refunds claw back, tiers re-rate, points end when the mall's day ends."""

import json
from datetime import timedelta

import pytest

from services.points.domain.expiry.expiry import ExpiryKind, ExpiryModel, expiry_of
from services.points.domain.ledger.ledger import Books
from services.points.domain.receipts.errors import OriginalIsRefund
from services.points.domain.receipts.pos_records import ANONYMOUS, POSTED, WAITING_MEMBER
from services.points.domain.receipts.receipt_books import (
    apply_refund,
    check_fits,
    derived_id,
    post_sale,
    rerate_sale,
)
from tests.points.samples import (
    NOON,
    make_account,
    make_lines,
    make_policy,
    make_stored,
    make_stored_refund,
)

GOLD = {"gold": 2_000}
MONTH = ExpiryModel(ExpiryKind.MONTHS, 1)


def test_a_sale_earns_by_the_tier_of_its_purchase_time() -> None:
    books = Books()
    account = make_account((NOON - timedelta(days=9), "basic"), (NOON, "gold"))
    policy = make_policy(tier_multipliers_milli=GOLD, expiry=MONTH)
    before = make_stored(make_lines(1_000), policy, purchased_at=NOON - timedelta(seconds=1))
    after = make_stored(make_lines(1_000), policy)
    post_sale(books, account, before, NOON)
    post_sale(books, account, after, NOON)
    assert (before.earned, after.earned, account.balance) == (10, 20, 30)
    assert (after.status, after.member_id, after.balance_after) == (POSTED, account.member_id, 30)
    terms = books.postings[0].terms
    assert terms is not None
    assert terms.expires_at == expiry_of(MONTH, before.purchased_at, "Asia/Shanghai")[0]


def test_a_sale_worth_nothing_is_posted_without_moving_points() -> None:
    books, account = Books(), make_account()
    sale = make_stored(make_lines(99))
    post_sale(books, account, sale, NOON)
    assert (sale.status, sale.earned, books.postings) == (POSTED, 0, [])


def test_a_sale_waits_for_a_member_and_is_anonymous_without_one() -> None:
    books = Books()
    by_id, by_number, nobodys = (make_stored(make_lines(1_000)) for _ in range(3))
    by_number.awaited_number = "612345678904"
    post_sale(books, make_account(is_open=False), by_id, NOON)
    post_sale(books, None, by_number, NOON)
    post_sale(books, None, nobodys, NOON)
    assert [s.status for s in (by_id, by_number, nobodys)] == [
        WAITING_MEMBER,
        WAITING_MEMBER,
        ANONYMOUS,
    ]
    assert books.postings == []


def test_refunds_take_back_their_share_and_in_the_end_all() -> None:
    books, account = Books(), make_account()
    sale = make_stored(make_lines(10_000))
    post_sale(books, account, sale, NOON)
    first = make_stored_refund(sale, (1, 3_000))
    last = make_stored_refund(sale, (1, 7_000))
    apply_refund(books, account, sale, first, [], first.recorded_at)
    apply_refund(books, account, sale, last, [first], last.recorded_at)
    assert (first.points, last.points, sale.clawed, account.balance) == (-30, -70, 100, 0)
    clawed = [json.loads(p.cause.reason).get("clawed_after") for p in books.postings]
    assert clawed == [None, 30, 100]


def test_r_12_a_refund_after_spending_leaves_a_debt() -> None:
    books, account = Books(), make_account()
    sale = make_stored(make_lines(10_000))
    post_sale(books, account, sale, NOON)
    books.spend(account, 100, books.postings[0].cause, sale.purchased_at)
    refund = make_stored_refund(sale, (1, 10_000))
    apply_refund(books, account, sale, refund, [], refund.recorded_at)
    assert (account.balance, refund.balance_after) == (-100, -100)


def test_a_refund_of_an_anonymous_sale_follows_it_without_moving_points() -> None:
    books = Books()
    sale = make_stored(make_lines(10_000))
    post_sale(books, None, sale, NOON)
    refund = make_stored_refund(sale, (1, 10_000))
    apply_refund(books, None, sale, refund, [], refund.recorded_at)
    assert (refund.status, refund.points, books.postings) == (ANONYMOUS, 0, [])


def test_a_refund_cannot_be_refunded() -> None:
    refund = make_stored_refund(make_stored(make_lines(100)), (1, 100))
    with pytest.raises(OriginalIsRefund):
        check_fits(refund, make_stored_refund(refund, (1, 100)), [])


def test_a_late_tier_posts_the_difference_once_a_version() -> None:
    books = Books()
    account = make_account((NOON - timedelta(days=9), "basic"))
    sale = make_stored(make_lines(10_000), make_policy(tier_multipliers_milli=GOLD))
    post_sale(books, account, sale, NOON)
    account.timeline = [(NOON - timedelta(days=9), "gold")]
    assert rerate_sale(books, account, sale, [], 1, NOON)
    assert not rerate_sale(books, account, sale, [], 1, NOON)
    account.timeline = [(NOON - timedelta(days=9), "basic")]
    assert rerate_sale(books, account, sale, [], 2, NOON)
    assert [p.points for p in books.postings] == [100, 100, -100]
    assert len({p.cause.source_id for p in books.postings}) == 3
    assert (sale.earned, account.balance) == (100, 100)


def test_a_late_tier_leaves_a_half_refunded_sale_half_as_good() -> None:
    books = Books()
    account = make_account((NOON - timedelta(days=9), "basic"))
    sale = make_stored(make_lines(10_000), make_policy(tier_multipliers_milli=GOLD))
    post_sale(books, account, sale, NOON)
    refund = make_stored_refund(sale, (1, 5_000))
    apply_refund(books, account, sale, refund, [], refund.recorded_at)
    account.timeline = [(NOON - timedelta(days=9), "gold")]
    rerate_sale(books, account, sale, [refund], 1, NOON)
    assert (sale.earned, sale.clawed, account.balance) == (200, 100, 100)


def test_a_wholly_refunded_sale_is_rated_anew_without_a_posting() -> None:
    books = Books()
    account = make_account((NOON - timedelta(days=9), "basic"))
    sale = make_stored(make_lines(10_000), make_policy(tier_multipliers_milli=GOLD))
    post_sale(books, account, sale, NOON)
    refund = make_stored_refund(sale, (1, 10_000))
    apply_refund(books, account, sale, refund, [], refund.recorded_at)
    account.timeline = [(NOON - timedelta(days=9), "gold")]
    assert rerate_sale(books, account, sale, [refund], 1, NOON)
    assert (sale.earned, sale.clawed, account.balance, len(books.postings)) == (200, 200, 0, 2)


def test_the_same_cause_has_the_same_id() -> None:
    assert derived_id("sale", 1) == derived_id("sale", 1) != derived_id("sale", 2)
    assert derived_id("sale", 1).version == 8
