"""Reads the packed receipts: a year of real tills' baskets, in time order.

Times are the malls' wall time, without a zone, as the data has them (2017); `shift_for` says by how
much to move them. Amounts are whole minor units. Subsets keep every receipt as it is: a receipt
looks the same in any of them.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import accumulate, count

from demo.receipt_file import decompress, unpack
from demo.tables import FOLDER, shops

FIRST_DAY = date(2017, 1, 1)
EPOCH_WALL = datetime.combine(FIRST_DAY, time.min)
LAST_DAY = date(2017, 12, 31)  # a Sunday, so the shifted year ends on a Sunday too


@dataclass(frozen=True, slots=True)
class DemoLine:
    """One line: `number` counts from 1 on its receipt, `amount_minor` is net of `discount_minor`.

    Quantity and amount may each be 0. Quantities of fuel run into the tens of thousands: they are a
    measure, not pieces.
    """

    number: int
    category: str
    brand: str
    quantity: int
    amount_minor: int
    discount_minor: int


@dataclass(frozen=True, slots=True)
class DemoReceipt:
    """One sale.

    `amount_minor` is the sum of the lines; of it `coupon_minor` was paid with manufacturers'
    coupons.
    """

    number: str
    household: int
    shop: int
    mall: str
    bought_wall: datetime
    amount_minor: int
    coupon_minor: int
    lines: tuple[DemoLine, ...]


@dataclass(frozen=True, slots=True)
class DemoHousehold:
    """A household, when it bought first in the whole year, and how many receipts it has in it."""

    number: int
    first_bought_wall: datetime
    receipts: int


@dataclass(frozen=True, slots=True)
class _Book:
    epoch: datetime
    categories: list[str]
    brands: list[str]
    numbers: list[int]
    seconds: list[int]
    line_ends: list[int]
    columns: dict[str, "array[int]"]


@cache
def _book() -> _Book:
    header, columns = unpack(decompress((FOLDER / "receipts.xz").read_bytes()))
    return _Book(
        epoch=datetime.fromisoformat(header["epoch"]),
        categories=header["categories"],
        brands=header["brands"],
        numbers=list(accumulate(columns["receipt_number_step"])),
        seconds=list(accumulate(columns["receipt_seconds_step"])),
        line_ends=list(accumulate(columns["receipt_lines"])),
        columns=columns,
    )


@cache
def households() -> tuple[DemoHousehold, ...]:
    """All households by ascending number: `members=N` means the first N of these, in any month."""
    book = _book()
    first: dict[int, int] = {}
    receipts: dict[int, int] = {}
    for seconds, household in zip(book.seconds, book.columns["receipt_household"], strict=True):
        first.setdefault(household, seconds)
        receipts[household] = receipts.get(household, 0) + 1
    return tuple(
        DemoHousehold(
            household, book.epoch + timedelta(seconds=first[household]), receipts[household]
        )
        for household in sorted(first)
    )


def count_receipts(month: int | None = None, members: int | None = None) -> int:
    """How many receipts `iter_receipts` gives for these arguments, without reading their lines."""
    return sum(1 for _ in _chosen(month, members))


def shops_with_receipts(month: int | None = None, members: int | None = None) -> list[int]:
    """The shops of the receipts that `iter_receipts` gives for these arguments, ascending."""
    of_receipt = _book().columns["receipt_shop"]
    return sorted({of_receipt[position] for position in _chosen(month, members)})


def iter_receipts(month: int | None = None, members: int | None = None) -> Iterator[DemoReceipt]:
    """The receipts by (time, number): all, of one month, of N households, or both.

    A month (1–12) is one of the data's own, before any shift; `members` is an N of `households`.
    Raises ValueError for a month outside 1–12 or a negative number of members.
    """
    book, mall_of_shop = _book(), {shop.number: shop.mall for shop in shops()}
    columns = book.columns
    for position in _chosen(month, members):
        lines = _lines(
            book,
            book.line_ends[position] - columns["receipt_lines"][position],
            book.line_ends[position],
        )
        shop = columns["receipt_shop"][position]
        yield DemoReceipt(
            number=str(book.numbers[position]),
            household=columns["receipt_household"][position],
            shop=shop,
            mall=mall_of_shop[shop],
            bought_wall=book.epoch + timedelta(seconds=book.seconds[position]),
            amount_minor=sum(line.amount_minor for line in lines),
            coupon_minor=columns["receipt_coupon_minor"][position],
            lines=lines,
        )


def shift_for(today: date) -> timedelta:
    """Whole weeks that move the year to end as late as possible, yesterday at the latest.

    `today` is the malls' day. Weekdays stay what they were; for a `today` before 2018 the year
    moves back.
    """
    return timedelta(weeks=(today - timedelta(days=1) - LAST_DAY).days // 7)


def _chosen(month: int | None, members: int | None) -> Iterator[int]:
    """Positions of the receipts asked for, ascending."""
    if month is not None and not 1 <= month <= 12:
        raise ValueError(f"month {month} is not one of 1 to 12")
    if members is not None and members < 0:
        raise ValueError(f"{members} members cannot be chosen")
    book = _book()
    start, end = _bounds(book, month)
    if members is None:
        yield from range(start, end)
        return
    chosen = {household.number for household in households()[:members]}
    of_receipt = book.columns["receipt_household"]
    yield from (position for position in range(start, end) if of_receipt[position] in chosen)


def _bounds(book: _Book, month: int | None) -> tuple[int, int]:
    if month is None:
        return 0, len(book.seconds)
    first, after = (
        date(FIRST_DAY.year, month, 1),
        date(FIRST_DAY.year + month // 12, month % 12 + 1, 1),
    )
    starts = (
        int((datetime.combine(day, time.min) - book.epoch).total_seconds())
        for day in (first, after)
    )
    start, end = (bisect_left(book.seconds, seconds) for seconds in starts)
    return start, end


def _lines(book: _Book, start: int, end: int) -> tuple[DemoLine, ...]:
    columns = book.columns
    return tuple(
        map(
            DemoLine,
            count(1),
            map(book.categories.__getitem__, columns["line_category"][start:end]),
            map(book.brands.__getitem__, columns["line_brand"][start:end]),
            columns["line_quantity"][start:end],
            columns["line_amount_minor"][start:end],
            columns["line_discount_minor"][start:end],
        )
    )
