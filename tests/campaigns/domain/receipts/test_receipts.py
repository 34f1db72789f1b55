"""What is left of a receipt after refunds, in whatever order they are heard."""

from datetime import UTC, date, datetime
from itertools import permutations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain.receipts.receipts import (
    Line,
    Refund,
    Sale,
    StoredReceipt,
    as_receipt,
    merge,
    net_lines,
    with_shop,
)
from tests.campaigns.domain.samples import MALL, MEMBER, SHOP

RECEIPT = UUID(int=1)


def sale(*lines: Line, total_minor: int | None = None, **values: str | None) -> Sale:
    return Sale(
        mall_id=MALL,
        shop_id=SHOP,
        till_id="T1",
        receipt_number="R1",
        business_date=date(2026, 3, 10),
        purchased_at=datetime(2026, 3, 10, 18, tzinfo=UTC),
        time_zone="Asia/Shanghai",
        currency="CNY",
        total_minor=sum(x.amount_minor for x in lines) if total_minor is None else total_minor,
        lines=lines,
        shop_brand=values.get("brand"),
        shop_category=values.get("category"),
        shop_is_known=True,
    )


def plain(number: int, amount: int) -> Line:
    return Line(number, "fashion", "acme", amount, amount * 10_000)


def test_the_local_day_is_the_malls() -> None:
    receipt = as_receipt(StoredReceipt(RECEIPT, None, sale(plain(1, 5))))
    assert receipt is not None
    assert receipt.local_day == date(2026, 3, 11)
    assert as_receipt(StoredReceipt(RECEIPT)) is None


def test_base_points_shrink_in_proportion_and_round_down() -> None:
    sold = sale(Line(1, "fashion", "acme", 300, 1_000_000))
    (left,) = net_lines(sold, [Refund(UUID(int=9), ((1, 100),))])
    assert (left.amount_minor, left.base_micro) == (200, 666_666)


def test_more_given_back_than_sold_leaves_nothing_below_zero() -> None:
    left = net_lines(sale(plain(1, 300), plain(2, 200)), [Refund(UUID(int=9), ((1, 900),))])
    assert [x.amount_minor for x in left] == [0, 200]


def test_a_sale_without_lines_is_one_line_of_its_shop() -> None:
    (only,) = net_lines(sale(total_minor=700, brand="acme", category="fashion"), [])
    assert (only.amount_minor, only.brand, only.category) == (700, "acme", "fashion")


def test_a_line_without_brand_has_its_shops_and_keeps_its_own_otherwise() -> None:
    lines = (Line(1, "fashion", None, 5, 0), Line(2, "fashion", "own", 5, 0))
    assert [x.brand for x in with_shop(lines, "acme", None)] == ["acme", "own"]


def test_facts_in_any_order_make_the_same_receipt() -> None:
    facts = [
        StoredReceipt(RECEIPT, None, sale(plain(1, 300))),
        StoredReceipt(RECEIPT, MEMBER),
        StoredReceipt(RECEIPT, None, None, (Refund(UUID(int=7), ((1, 10),)),)),
        StoredReceipt(RECEIPT, None, None, (Refund(UUID(int=8), ((None, 20),)),)),
    ]
    results = set()
    for order in permutations(facts):
        known = order[0]
        for news in (*order[1:], *order):
            known = merge(known, news)
        results.add(known)
    assert len(results) == 1


@given(
    st.lists(st.integers(0, 10_000), min_size=1, max_size=5),
    st.lists(st.tuples(st.one_of(st.none(), st.integers(1, 6)), st.integers(0, 5_000))),
)
def test_nothing_is_ever_negative_and_nothing_comes_from_nowhere(
    amounts: list[int], parts: list[tuple[int | None, int]]
) -> None:
    sold = sale(*(plain(i, amount) for i, amount in enumerate(amounts, 1)))
    left = net_lines(sold, [Refund(UUID(int=9), tuple(parts))])
    given_back = sum(amounts) - sum(x.amount_minor for x in left)
    assert all(x.amount_minor >= 0 for x in left)
    assert given_back <= sum(amount for _, amount in parts)
