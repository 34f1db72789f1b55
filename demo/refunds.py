"""Refunds for the demo: the data has none, so a stated share of its sales gets some.

Nothing here has a state: what happens to a receipt depends on its number and content alone, so it
is the same in any run, in any order, and for any subset of the receipts.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import blake2b
from typing import Literal

from demo.receipts import LAST_DAY, DemoLine, DemoReceipt, iter_receipts

SEED = "galleria-demo-refunds-1"
FULL_PER_MILLE = 20  # of the receipts that can be refunded, those given back whole
PARTIAL_PER_MILLE = 30  # and those of which some lines, or some pieces of a line, come back
SECOND_PERCENT = 25  # of the partial ones, those of which other lines come back on another day
DAYS_MAX = 20
LAST_WALL = datetime.combine(LAST_DAY, time(23, 59, 59))
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DemoRefund:
    """One refund of one sale, at its shop, 1 to 20 days later, within the last day of the data.

    Each line has the number, category and brand of the sale's line and at most its quantity, amount
    and discount; no line is in two refunds. Of `amount_minor`, `coupon_minor` goes back as coupon,
    in the proportion of the sale.
    """

    number: str
    original_number: str
    original_bought_wall: datetime
    kind: Literal["full", "partial"]
    household: int
    shop: int
    mall: str
    refunded_wall: datetime
    amount_minor: int
    coupon_minor: int
    lines: tuple[DemoLine, ...]


def refunds_of(receipt: DemoReceipt) -> tuple[DemoRefund, ...]:
    """The refunds of one sale, mostly none.

    A sale of nothing and a sale of the last day have none.
    """
    if receipt.amount_minor == 0 or receipt.bought_wall + _DAY > LAST_WALL:
        return ()
    fate = _draw(receipt, "fate", 1_000)
    if fate < FULL_PER_MILLE:
        return (_refund(receipt, 1, "full", receipt.lines, 0),)
    if fate >= FULL_PER_MILLE + PARTIAL_PER_MILLE:
        return ()
    paid = sorted(
        (line for line in receipt.lines if line.amount_minor),
        key=lambda line: _line_draw(receipt, line),
    )
    taken = 1 + _draw(receipt, "lines", max(1, len(paid) // 2))
    first = _refund(receipt, 1, "partial", _given_back(receipt, paid[:taken]), 0)
    if len(paid) == taken or _draw(receipt, "second", 100) >= SECOND_PERCENT:
        return (first,)
    rest = _given_back(receipt, paid[taken : taken + 1 + _draw(receipt, "rest", len(paid) - taken)])
    return first, _refund(receipt, 2, "partial", rest, first.amount_minor)


def iter_refunds(month: int | None = None, members: int | None = None) -> Iterator[DemoRefund]:
    """The refunds of the receipts that `iter_receipts` gives for these arguments, in time order.

    A refund belongs to the month of its sale, even when it comes back in the next one.
    """
    refunds = (
        refund for receipt in iter_receipts(month, members) for refund in refunds_of(receipt)
    )
    return iter(sorted(refunds, key=lambda refund: (refund.refunded_wall, refund.number)))


def iter_pos_transactions(
    month: int | None = None, members: int | None = None
) -> Iterator[DemoReceipt | DemoRefund]:
    """Sales and their refunds in one stream by time.

    At the same second sales come first, then by number.
    """
    waiting: list[tuple[datetime, str, DemoRefund]] = []
    for receipt in iter_receipts(month, members):
        while waiting and waiting[0][0] < receipt.bought_wall:
            yield heapq.heappop(waiting)[2]
        yield receipt
        for refund in refunds_of(receipt):
            heapq.heappush(waiting, (refund.refunded_wall, refund.number, refund))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _draw(receipt: DemoReceipt, purpose: str, below: int) -> int:
    """A number from 0 to `below` - 1, always the same for a seed, receipt number and purpose."""
    digest = blake2b(f"{SEED}/{purpose}/{receipt.number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


def _line_draw(receipt: DemoReceipt, line: DemoLine) -> int:
    return _draw(receipt, f"line {line.number}", 1 << 64)


def _given_back(receipt: DemoReceipt, lines: Iterable[DemoLine]) -> tuple[DemoLine, ...]:
    """What comes back of these lines, by line number.

    The whole line, or for half of those with several pieces, a part.
    """
    parts = (_some_pieces(receipt, line) for line in lines)
    return tuple(sorted(parts, key=lambda line: line.number))


def _some_pieces(receipt: DemoReceipt, line: DemoLine) -> DemoLine:
    if line.quantity < 2 or _draw(receipt, f"pieces? {line.number}", 2):
        return line
    pieces = 1 + _draw(receipt, f"pieces {line.number}", line.quantity - 1)
    amount_minor = line.amount_minor * pieces // line.quantity
    if amount_minor == 0:  # a cent cannot be split; the whole line comes back
        return line
    discount_minor = line.discount_minor * pieces // line.quantity
    return DemoLine(line.number, line.category, line.brand, pieces, amount_minor, discount_minor)


def _refund(
    receipt: DemoReceipt,
    ordinal: int,
    kind: Literal["full", "partial"],
    lines: tuple[DemoLine, ...],
    refunded_before_minor: int,
) -> DemoRefund:
    """The refund of `lines`, after others of the same sale that gave back `refunded_before_minor`.

    The coupon's share is the difference of two rounded-down running shares: they add up exactly.
    """
    amount_minor = sum(line.amount_minor for line in lines)
    before, after = refunded_before_minor, refunded_before_minor + amount_minor
    coupon, total = receipt.coupon_minor, receipt.amount_minor
    return DemoRefund(
        number=f"{receipt.number}R{ordinal}",
        original_number=receipt.number,
        original_bought_wall=receipt.bought_wall,
        kind=kind,
        household=receipt.household,
        shop=receipt.shop,
        mall=receipt.mall,
        refunded_wall=_refund_time(receipt, ordinal),
        amount_minor=amount_minor,
        coupon_minor=coupon * after // total - coupon * before // total,
        lines=lines,
    )


def _refund_time(receipt: DemoReceipt, ordinal: int) -> datetime:
    """Some days later, at the hour of the purchase or up to three hours past it: shops are open.

    The last second of the data is the limit.
    """
    days_left = min(DAYS_MAX - 1, (LAST_WALL - receipt.bought_wall).days)
    days = 1 + _draw(receipt, f"days {ordinal}", days_left)
    seconds = _draw(receipt, f"seconds {ordinal}", 3 * 3600)
    return min(receipt.bought_wall + timedelta(days=days, seconds=seconds), LAST_WALL)
