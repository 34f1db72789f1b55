"""A till's receipt: what it says, what it is called for ever, and what makes it implausible."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

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
    TaxExceedsLine,
    TenderMismatch,
    TotalMismatch,
)

_EPOCH = date(1970, 1, 1)
_BUSINESS_DATE_SLACK = timedelta(days=3)


class Line(NamedTuple):
    """One line: money in minor units after discount, never negative, also on a refund.

    `tax_minor` is the part of the amount that is tax.
    """

    line_number: int
    category: str
    brand: str | None
    quantity: int
    amount_minor: int
    discount_minor: int
    original_line_number: int | None = None
    sku: str | None = None
    tax_minor: int = 0
    is_delivery: bool = False


class ReceiptKey(NamedTuple):
    """The natural key: unique for ever within a programme."""

    shop_id: UUID
    till_id: str
    receipt_number: str
    business_date: date


class Receipt(NamedTuple):
    """A sale, or a refund that names its sale by `original`. At most one member reference.

    `tenders` has kind and amount of what is not new money: points, gift cards and the like.
    """

    transaction_id: UUID
    kind: str
    key: ReceiptKey
    purchased_at: datetime
    currency: str
    total_minor: int
    tendered_minor: int | None
    lines: tuple[Line, ...]
    member_id: UUID | None
    member_number: str | None
    original: ReceiptKey | None
    original_id: UUID | None
    content: str
    fingerprint: bytes
    tenders: tuple[tuple[str, int], ...] = ()
    cashier_id: str | None = None

    @property
    def is_paid_by_points(self) -> bool:
        """Whether points paid a part of it, by what it says itself."""
        return any(kind == "points" for kind, _ in self.tenders)

    @property
    def receipt_id(self) -> UUID:
        """The sale's id: its own for a sale, the original's for a refund."""
        return self.transaction_id if self.original_id is None else self.original_id


@dataclass(frozen=True, slots=True)
class Shop:
    """What the directory says of the shop."""

    shop_id: UUID
    mall_id: UUID
    time_zone: str
    currency: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far from now a purchase may lie."""

    future: timedelta
    late: timedelta


def transaction_id_of(program_id: UUID, key: ReceiptKey) -> UUID:
    """The receipt's id, a UUIDv8 (RFC 9562) made from its natural key.

    The first 16 bits are the business date, so that a day's receipts lie together in the index;
    106 bits are a hash of the whole key. The same receipt has the same id, whoever asks.
    """
    named = (
        f"{text_of(program_id)}\0{text_of(key.shop_id)}\0{key.till_id}\0{key.receipt_number}"
        f"\0{key.business_date}"
    )
    digest = int.from_bytes(hashlib.blake2b(named.encode(), digest_size=14).digest(), "big")
    days = (key.business_date - _EPOCH).days & 0xFFFF
    return UUID(
        int=(days << 112)
        | ((digest >> 80) << 80)
        | (0x8 << 76)
        | (((digest >> 62) & 0xFFF) << 64)
        | (0b10 << 62)
        | (digest & 0x3FFF_FFFF_FFFF_FFFF)
    )


@lru_cache(maxsize=20_000)
def text_of(id_: UUID) -> str:
    """An id as text. Shops and programmes recur in every receipt; writing one costs 1 µs."""
    return str(id_)


@lru_cache(maxsize=1_000)
def zone(name: str) -> ZoneInfo:
    """The mall's time zone."""
    return ZoneInfo(name)


def local_day(instant: datetime, time_zone: str) -> date:
    """The day of `instant` on the mall's wall calendar."""
    return instant.astimezone(zone(time_zone)).date()


def check_business_date(day: date, shop: Shop, now: datetime, bounds: Bounds) -> None:
    """Raise `BusinessDateImplausible` when no receipt of that day could be recorded now."""
    first = local_day(now - bounds.late, shop.time_zone) - _BUSINESS_DATE_SLACK
    last = local_day(now + bounds.future, shop.time_zone) + _BUSINESS_DATE_SLACK
    if not first <= day <= last:
        raise BusinessDateImplausible(
            f"Receipts are taken with business dates from {first} to {last}.",
            first_day=first.isoformat(),
            last_day=last.isoformat(),
        )


def check_receipt(receipt: Receipt, shop: Shop, now: datetime, bounds: Bounds) -> None:
    """Raise the reason why the receipt cannot be right in itself."""
    if not shop.is_open:
        raise ShopClosed("The shop is closed in the directory.")
    if receipt.currency != shop.currency:
        raise CurrencyMismatch(f"This mall trades in {shop.currency}.", expected=shop.currency)
    _check_sums(receipt)
    _check_instant(receipt, shop, now, bounds)
    if receipt.kind == "refund" and receipt.original is None:
        raise OriginalMissing("Name the original receipt of the refund.")
    if receipt.kind == "sale" and receipt.original is not None:
        raise OriginalNotAllowed("Only a refund names an original receipt.")
    if receipt.kind == "refund" and receipt.original == receipt.key:
        raise OriginalIsRefund("A refund cannot undo itself.")


def _check_sums(receipt: Receipt) -> None:
    lines_minor = sum(line.amount_minor for line in receipt.lines)
    if lines_minor != receipt.total_minor:
        raise TotalMismatch(
            f"The lines add up to {lines_minor}, the total says {receipt.total_minor}.",
            lines_minor=lines_minor,
        )
    if receipt.tendered_minor is not None and receipt.tendered_minor != receipt.total_minor:
        raise TenderMismatch(
            f"The tenders add up to {receipt.tendered_minor}, not to the total.",
            tendered_minor=receipt.tendered_minor,
        )
    if any(line.tax_minor > line.amount_minor for line in receipt.lines):
        raise TaxExceedsLine("A line's tax is a part of its amount.")
    if len({line.line_number for line in receipt.lines}) != len(receipt.lines):
        raise LineNumberRepeated("Each line needs a number of its own.")


def _check_instant(receipt: Receipt, shop: Shop, now: datetime, bounds: Bounds) -> None:
    if receipt.purchased_at > now + bounds.future:
        raise PurchasedInFuture("The purchase lies in the future. Set the till's clock.")
    if receipt.purchased_at < now - bounds.late:
        raise PurchasedTooLongAgo(
            f"Receipts are taken for {bounds.late.days} days.", days_max=bounds.late.days
        )
    distance = receipt.key.business_date - local_day(receipt.purchased_at, shop.time_zone)
    if abs(distance) > _BUSINESS_DATE_SLACK:
        raise BusinessDateImplausible(
            "The business date is more than 3 days from the purchase.", days=distance.days
        )
