"""What a receipt is called for ever, and what makes it implausible."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.points.domain.receipts.errors import (
    BusinessDateImplausible,
    CurrencyMismatch,
    LineNumberRepeated,
    OriginalIsRefund,
    OriginalMissing,
    OriginalNotAllowed,
    PurchasedInFuture,
    PurchasedTooLongAgo,
    ShopClosed,
    TenderMismatch,
    TotalMismatch,
)
from services.points.domain.receipts.receipts import (
    ReceiptKey,
    check_receipt,
    local_day,
    transaction_id_of,
)
from shared.errors import DomainError
from tests.points.samples import (
    BOUNDS,
    NOON,
    PROGRAM,
    SHOP,
    make_lines,
    make_receipt,
    make_shop,
)

KEY = ReceiptKey(SHOP, "T1", "R1", date(2026, 3, 10))


def test_the_same_natural_key_has_the_same_id_and_any_other_another() -> None:
    others = [
        KEY._replace(shop_id=UUID(int=1)),
        KEY._replace(till_id="T2"),
        KEY._replace(receipt_number="R2"),
        KEY._replace(business_date=date(2026, 3, 11)),
        KEY._replace(till_id="T1R", receipt_number="1"),
    ]
    assert transaction_id_of(PROGRAM, KEY) == transaction_id_of(PROGRAM, KEY._replace())
    ids = {transaction_id_of(PROGRAM, key) for key in [KEY, *others]}
    ids.add(transaction_id_of(UUID(int=2), KEY))
    assert len(ids) == 7


def test_a_receipts_id_is_a_valid_uuid_ordered_by_its_business_date() -> None:
    days = [date(2026, 3, 10) + timedelta(days=n) for n in range(40)]
    ids = [transaction_id_of(PROGRAM, KEY._replace(business_date=day)) for day in days]
    assert ids == sorted(ids)
    assert {(i.version, i.variant) for i in ids} == {(8, "specified in RFC 4122")}


def test_a_day_is_the_malls_own() -> None:
    late = datetime(2026, 3, 10, 17, 0, tzinfo=UTC)
    assert local_day(late, "Asia/Shanghai") == date(2026, 3, 11)
    assert local_day(late, "America/New_York") == date(2026, 3, 10)


def test_a_plausible_sale_and_a_refund_that_names_its_sale_pass() -> None:
    check_receipt(make_receipt(), make_shop(), NOON, BOUNDS)
    check_receipt(make_receipt(lines=make_lines(0)), make_shop(), NOON, BOUNDS)
    other = KEY._replace(receipt_number="R0")
    original_id = transaction_id_of(PROGRAM, other)
    refund = make_receipt(kind="refund", original=other, original_id=original_id)
    check_receipt(refund, make_shop(), NOON, BOUNDS)
    assert refund.receipt_id == original_id


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"currency": "USD"}, CurrencyMismatch),
        ({"total_minor": 10_001}, TotalMismatch),
        ({"tendered_minor": 9_999}, TenderMismatch),
        ({"lines": make_lines(1) + make_lines(2)}, LineNumberRepeated),
        ({"purchased_at": NOON + timedelta(seconds=301)}, PurchasedInFuture),
        ({"purchased_at": NOON - timedelta(days=401)}, PurchasedTooLongAgo),
        ({"key": KEY._replace(business_date=date(2026, 3, 14))}, BusinessDateImplausible),
        ({"kind": "refund"}, OriginalMissing),
        ({"original": KEY._replace(till_id="T9")}, OriginalNotAllowed),
        ({"kind": "refund", "original": KEY}, OriginalIsRefund),
    ],
    ids=lambda value: value.code if isinstance(value, type) else "",
)
def test_what_cannot_be_right_is_refused(fields: dict[str, Any], error: type[DomainError]) -> None:
    with pytest.raises(error):
        check_receipt(make_receipt(**fields), make_shop(), NOON, BOUNDS)


def test_a_closed_shop_sells_nothing() -> None:
    with pytest.raises(ShopClosed):
        check_receipt(make_receipt(), make_shop(is_open=False), NOON, BOUNDS)


def test_the_edges_of_the_time_window_are_inside_it() -> None:
    for purchased_at in (NOON + BOUNDS.future, NOON - BOUNDS.late):
        day = local_day(purchased_at, "Asia/Shanghai")
        key = KEY._replace(business_date=day)
        check_receipt(make_receipt(purchased_at=purchased_at, key=key), make_shop(), NOON, BOUNDS)
