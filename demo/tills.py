"""The shops' tills: which one rang a receipt up, what it sends, and what it signs with."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from demo.members import DemoMember
from demo.plan import DemoTransaction, wall_of
from demo.programme import CURRENCY
from demo.receipts import DemoLine, DemoReceipt
from demo.stack import Staff
from demo.year import Year
from deploy.local.seed_data import TILL_IDS, shop_code
from shared.auth import Till

READERS = 8
NO_BRAND = "none"


@dataclass(frozen=True, slots=True)
class DemoTill:
    """A till and its secret."""

    till: Till
    secret: str


TillBook = Mapping[tuple[int, str], DemoTill]


def till_of(receipt_number: str) -> str:
    """The till that a receipt was rung up at, drawn from a hash of its number."""
    digest = blake2b(receipt_number.encode(), digest_size=2).digest()
    return TILL_IDS[int.from_bytes(digest, "big") % len(TILL_IDS)]


def read_tills(staff: Staff, shops: Iterable[int]) -> dict[tuple[int, str], DemoTill]:
    """All tills of these shops with their secrets, by (shop, till id)."""
    wanted = [(shop, till_id) for shop in shops for till_id in TILL_IDS]

    def read(place: tuple[int, str]) -> DemoTill:
        shop, till_id = place
        path = f"/v1/shops/{shop_code(shop)}/tills/{till_id}/secret"
        told = staff.get("membership", path)
        named = (UUID(told["program_id"]), UUID(told["shop_id"]))
        return DemoTill(Till(*named, told["till_id"], told["key_version"]), told["secret"])

    with ThreadPoolExecutor(READERS) as pool:
        return dict(zip(wanted, pool.map(read, wanted), strict=True))


@dataclass(frozen=True, slots=True)
class Printer:
    """What a till needs to know to print: the shop's id, whose receipt it is, and the calendar."""

    tills: TillBook
    members: Mapping[int, DemoMember]
    year: Year

    def body_of(self, transaction: DemoTransaction) -> dict[str, Any]:
        """The receipt as the batch interface takes it; the member is named by their number."""
        bought_at = self.year.instant(wall_of(transaction))
        till_id = till_of(transaction.number)
        body: dict[str, Any] = {
            "shop_id": str(self.tills[transaction.shop, till_id].till.shop_id),
            "till_id": till_id,
            "receipt_number": transaction.number,
            "business_date": bought_at.date().isoformat(),
            "purchased_at": bought_at.isoformat(),
            "currency": CURRENCY,
            "total_minor": transaction.amount_minor,
            "lines": [_line(line) for line in transaction.lines],
            "tenders": _tenders(transaction),
            "member_number": self.members[transaction.household].member_number,
        }
        if isinstance(transaction, DemoReceipt):
            return body
        for line in body["lines"]:
            line["original_line_number"] = line["line_number"]
        original = {
            "till_id": till_of(transaction.original_number),
            "receipt_number": transaction.original_number,
            "business_date": self.year.instant(transaction.original_bought_wall).date().isoformat(),
        }
        return body | {"kind": "refund", "original": original}


def _line(line: DemoLine) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "line_number": line.number,
        "category": line.category,
        "quantity": line.quantity,
        "amount_minor": line.amount_minor,
        "discount_minor": line.discount_minor,
    }
    return sent if line.brand == NO_BRAND else sent | {"brand": line.brand}


def _tenders(transaction: DemoTransaction) -> list[dict[str, Any]]:
    """Coupons and the rest by phone; what is nothing is not named."""
    coupon_minor = transaction.coupon_minor
    parts = (("coupon", coupon_minor), ("mobile", transaction.amount_minor - coupon_minor))
    return [{"kind": kind, "amount_minor": minor} for kind, minor in parts if minor]
