"""The seeded refunds: their share, their bounds, and that any run and subset has the same."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import islice, pairwise

import pytest

from demo.receipts import DemoLine, DemoReceipt, iter_receipts
from demo.refunds import LAST_WALL, DemoRefund, iter_pos_transactions, iter_refunds, refunds_of


@pytest.fixture(scope="module")
def sales() -> dict[str, DemoReceipt]:
    """The sales that have refunds, by number."""
    return {receipt.number: receipt for receipt in iter_receipts() if refunds_of(receipt)}


@pytest.fixture(scope="module")
def refunds() -> list[DemoRefund]:
    return list(iter_refunds())


def test_two_percent_come_back_whole_and_three_in_part(
    sales: dict[str, DemoReceipt], refunds: list[DemoRefund]
) -> None:
    kinds = Counter(refund.kind for refund in refunds if refund.number.endswith("R1"))
    assert kinds == {"full": 3_067, "partial": 4_760}
    assert len(sales) == kinds.total()
    assert len(refunds) == kinds.total() + 941
    assert len({refund.number for refund in refunds} | sales.keys()) == len(refunds) + len(sales)


def test_no_line_gives_back_more_than_was_sold_on_it(
    sales: dict[str, DemoReceipt], refunds: list[DemoRefund]
) -> None:
    taken: dict[str, set[int]] = defaultdict(set)
    for refund in refunds:
        sold = {line.number: line for line in sales[refund.original_number].lines}
        for line in refund.lines:
            original = sold[line.number]
            assert line.number not in taken[refund.original_number]
            taken[refund.original_number].add(line.number)
            assert (line.category, line.brand) == (original.category, original.brand)
            assert 0 <= line.quantity <= original.quantity
            assert 0 <= line.amount_minor <= original.amount_minor
            assert 0 <= line.discount_minor <= original.discount_minor


def test_money_given_back_never_exceeds_money_paid_by_tender(
    sales: dict[str, DemoReceipt], refunds: list[DemoRefund]
) -> None:
    amount: Counter[str] = Counter()
    coupon: Counter[str] = Counter()
    for refund in refunds:
        assert refund.amount_minor == sum(line.amount_minor for line in refund.lines) > 0
        assert 0 <= refund.coupon_minor <= refund.amount_minor
        amount[refund.original_number] += refund.amount_minor
        coupon[refund.original_number] += refund.coupon_minor
    for number, sale in sales.items():
        assert amount[number] <= sale.amount_minor
        assert coupon[number] <= sale.coupon_minor
        assert amount[number] - coupon[number] <= sale.amount_minor - sale.coupon_minor


def test_a_full_refund_gives_back_every_line_and_the_coupon(
    sales: dict[str, DemoReceipt], refunds: list[DemoRefund]
) -> None:
    for refund in refunds:
        sale = sales[refund.original_number]
        if refund.kind == "full":
            assert (refund.lines, refund.coupon_minor) == (sale.lines, sale.coupon_minor)


def test_a_refund_comes_one_to_twenty_days_later_at_the_shop_of_the_sale(
    sales: dict[str, DemoReceipt], refunds: list[DemoRefund]
) -> None:
    for refund in refunds:
        sale = sales[refund.original_number]
        waited = refund.refunded_wall - sale.bought_wall
        assert timedelta(days=1) <= waited <= timedelta(days=20)
        assert refund.refunded_wall <= LAST_WALL
        assert (refund.shop, refund.mall) == (sale.shop, sale.mall)
        assert refund.household == sale.household


def test_some_partial_refunds_take_a_part_of_the_pieces_of_a_line(
    sales: dict[str, DemoReceipt], refunds: list[DemoRefund]
) -> None:
    parts = sum(
        line.quantity < sales[refund.original_number].lines[line.number - 1].quantity
        for refund in refunds
        for line in refund.lines
    )
    assert parts > 500


def test_sales_of_nothing_and_of_the_last_day_are_never_refunded(
    sales: dict[str, DemoReceipt],
) -> None:
    some = list(islice(sales.values(), 200))
    assert all(refunds_of(sale) for sale in some)
    for sale in some:
        free = tuple(replace(line, amount_minor=0) for line in sale.lines)
        assert refunds_of(replace(sale, amount_minor=0, lines=free)) == ()
        assert refunds_of(replace(sale, bought_wall=LAST_WALL - timedelta(hours=23))) == ()


def test_a_line_of_one_cent_comes_back_whole(sales: dict[str, DemoReceipt]) -> None:
    for sale in islice(sales.values(), 400):
        cent = DemoLine(1, "grocery", "house", 3, amount_minor=1, discount_minor=2)
        (refund,) = refunds_of(replace(sale, lines=(cent,), amount_minor=1, coupon_minor=0))
        assert refund.lines == (cent,)


def test_the_stream_has_every_sale_and_refund_once_in_time_order(refunds: list[DemoRefund]) -> None:
    seen: Counter[str] = Counter()
    sold: set[str] = set()

    def key(entry: DemoReceipt | DemoRefund) -> tuple[object, ...]:
        seen[type(entry).__name__] += 1
        if isinstance(entry, DemoRefund):
            assert entry.original_number in sold
            return entry.refunded_wall, 1, entry.number
        sold.add(entry.number)
        return entry.bought_wall, 0, entry.number

    assert all(earlier < later for earlier, later in pairwise(map(key, iter_pos_transactions())))
    assert seen == {"DemoReceipt": 155_848, "DemoRefund": len(refunds)}


def test_a_subset_has_the_very_same_refunds(refunds: list[DemoRefund]) -> None:
    whole = {refund.number: refund for refund in refunds}
    few = {refund.number: refund for refund in iter_refunds(month=11, members=200)}
    assert 0 < len(few) < len(whole)
    assert few.items() <= whole.items()
    sales = {receipt.number for receipt in iter_receipts(month=11, members=200)}
    expected = {number for number, refund in whole.items() if refund.original_number in sales}
    assert set(few) == expected
    assert any(refund.refunded_wall.month == 12 for refund in few.values())
