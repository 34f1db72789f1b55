"""Receipts as campaigns sees them: a sale, its refunds, and what is left of each line.

A receipt's facts may arrive in any order and more than once; `merge` makes the same receipt of
them whatever the order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo


class Line(NamedTuple):
    """Money in minor units, `base_micro` in millionths of a point before the tier's factor.

    A tuple in the order in which it is stored: it is made and written several times faster.
    """

    number: int
    category: str | None
    brand: str | None
    amount_minor: int
    base_micro: int


@dataclass(frozen=True, slots=True)
class Refund:
    """`lines` are (number of the sold line or None, amount given back)."""

    transaction_id: UUID
    lines: tuple[tuple[int | None, int], ...]


class Sale(NamedTuple):
    """The till's paper. `shop_is_known` is false when the directory had not told of the shop."""

    mall_id: UUID
    shop_id: UUID
    till_id: str
    receipt_number: str
    business_date: date
    purchased_at: datetime
    time_zone: str
    currency: str
    total_minor: int
    lines: tuple[Line, ...]
    shop_brand: str | None
    shop_category: str | None
    shop_is_known: bool


class StoredReceipt(NamedTuple):
    """All that has been heard of a receipt. `sale` is None while only refunds have come."""

    receipt_id: UUID
    member_id: UUID | None = None
    sale: Sale | None = None
    refunds: tuple[Refund, ...] = ()


class Receipt(NamedTuple):
    """A receipt to be judged: net of refunds, with local time, brands and categories filled in.

    `local_day` is the calendar day in the mall's zone.
    """

    receipt_id: UUID
    member_id: UUID | None
    mall_id: UUID
    shop_id: UUID
    purchased_at: datetime
    local_at: datetime
    currency: str
    lines: tuple[Line, ...]
    local_day: date

    @property
    def net_minor(self) -> int:
        """What the receipt is worth after its refunds."""
        return sum(line.amount_minor for line in self.lines)


def merge(known: StoredReceipt, news: StoredReceipt) -> StoredReceipt:
    """What is known after `news`. Facts heard before change nothing; a member is never replaced."""
    heard = {r.transaction_id for r in known.refunds}
    fresh = [r for r in news.refunds if r.transaction_id not in heard]
    refunds = known.refunds
    if fresh:
        refunds = tuple(sorted((*known.refunds, *fresh), key=lambda r: r.transaction_id))
    return known._replace(
        member_id=known.member_id or news.member_id,
        sale=known.sale or news.sale,
        refunds=refunds,
    )


def as_receipt(stored: StoredReceipt) -> Receipt | None:
    """The receipt to be judged; None while its sale has not come."""
    sale = stored.sale
    if sale is None:
        return None
    local_at = local_time(sale.purchased_at, sale.time_zone)
    return Receipt(
        stored.receipt_id,
        stored.member_id,
        sale.mall_id,
        sale.shop_id,
        sale.purchased_at,
        local_at,
        sale.currency,
        net_lines(sale, stored.refunds),
        local_at.date(),
    )


def local_time(purchased_at: datetime, time_zone: str) -> datetime:
    """The instant as clocks in the mall's zone showed it."""
    return purchased_at.astimezone(_zone(time_zone))


def to_be_judged(stored: Iterable[StoredReceipt]) -> dict[UUID, Receipt]:
    """Those whose sale has come, by id."""
    receipts = (as_receipt(one) for one in stored)
    return {r.receipt_id: r for r in receipts if r is not None}


@lru_cache(maxsize=1_000)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def net_lines(sale: Sale, refunds: Sequence[Refund]) -> tuple[Line, ...]:
    """The sold lines less what was given back, in proportion for `base_micro` (rounded down).

    A refund that names no sold line takes from the lines in their order. A sale without lines is
    one line of its total.
    """
    brand, category = sale.shop_brand, sale.shop_category
    return judged_lines(sale.lines, sale.total_minor, brand, category, refunds)


def judged_lines(
    lines: tuple[Line, ...],
    total_minor: int,
    brand: str | None,
    category: str | None,
    refunds: Sequence[Refund],
) -> tuple[Line, ...]:
    """The same of a sale's parts."""
    sold = lines or (Line(0, None, None, total_minor, 0),)
    for line in sold:
        if (brand and not line.brand) or (category and not line.category):
            sold = with_shop(sold, brand, category)
            break
    return _less_refunds(sold, refunds) if refunds else sold


def with_shop(lines: Sequence[Line], brand: str | None, category: str | None) -> tuple[Line, ...]:
    """A line that names no brand or category has its shop's."""
    return tuple(
        Line(x.number, x.category or category, x.brand or brand, x.amount_minor, x.base_micro)
        for x in lines
    )


def _less_refunds(sold: Sequence[Line], refunds: Sequence[Refund]) -> tuple[Line, ...]:
    numbers = {line.number for line in sold}
    named: dict[int, int] = {}
    unnamed = 0
    for number, amount in (part for refund in refunds for part in refund.lines):
        if number is not None and number in numbers:
            named[number] = named.get(number, 0) + amount
        else:
            unnamed += amount
    left = []
    for line in sold:
        net = line.amount_minor - min(line.amount_minor, named.get(line.number, 0))
        taken = min(net, unnamed)
        unnamed -= taken
        left.append(_shrunk(line, net - taken))
    return tuple(left)


def _shrunk(line: Line, net_minor: int) -> Line:
    if net_minor == line.amount_minor:
        return line
    base = line.base_micro * net_minor // line.amount_minor
    return line._replace(amount_minor=net_minor, base_micro=base)
