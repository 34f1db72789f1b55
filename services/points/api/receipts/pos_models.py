"""What tills send and hear."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from services.points.api.instants import KeptDay, KeptInstant
from shared.http.fields import Code, CurrencyCode, ReceiptNumber, Strict, TillId

# Sold for nothing is legal.
Minor = Annotated[int, Field(ge=0, le=1_000_000_000_000)]
Sku = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
LINES_MAX = 500


class Printed(Strict):
    """What a till printed does not change any more."""

    model_config = ConfigDict(frozen=True)


class LineIn(Printed):
    """One line. `amount_minor` is after `discount_minor`; on a refund it is what goes back.
    `tax_minor` is the part of the amount that is tax. A delivery is a line of its own."""

    line_number: int = Field(ge=1, le=100_000)
    category: Code
    brand: Code | None = None
    quantity: int = Field(1, ge=0, le=1_000_000_000)
    amount_minor: Minor
    discount_minor: Minor = 0
    original_line_number: int | None = Field(None, ge=1, le=100_000)
    sku: Sku | None = None
    tax_minor: Minor | None = None
    is_delivery: bool | None = None


# What is paid with what was earned or paid before: a policy may leave it out.
NOT_MONEY = frozenset({"coupon", "points", "gift_card", "stored_value"})


class TenderIn(Printed):
    """How a part was paid. Of points it may say which redemption, for people who look for it: what
    points paid is found by the receipt's own number and compared with the amount."""

    kind: Literal["cash", "card", "mobile", "coupon", "points", "gift_card", "stored_value"]
    amount_minor: Minor
    redemption_id: UUID | None = None


class OriginalIn(Printed):
    """The sale that a refund undoes, of the same shop."""

    till_id: TillId
    receipt_number: ReceiptNumber
    business_date: KeptDay


class PosTransactionIn(Printed):
    """A sale or a refund as the till printed it. Name the member in one way, or not at all."""

    kind: Literal["sale", "refund"] = "sale"
    shop_id: UUID
    till_id: TillId
    receipt_number: ReceiptNumber
    business_date: KeptDay
    purchased_at: KeptInstant
    currency: CurrencyCode
    total_minor: Minor
    lines: list[LineIn] = Field(min_length=1, max_length=LINES_MAX)
    tenders: list[TenderIn] = Field([], max_length=20)
    member_id: UUID | None = None
    member_number: str | None = Field(
        None, pattern=r"^[0-9]{6,20}$", description="one that nobody has yet makes the receipt wait"
    )
    member_code: str | None = Field(None, pattern=r"^[A-Z2-7]{20,80}$")
    original: OriginalIn | None = None
    cashier_id: TillId | None = None


class BasketIn(Printed):
    """What somebody is about to buy, now unless `purchased_at` says when. Name the member in one
    way, or nobody: then the answer tells the worth for a member without a tier. What is known of
    the receipt (till, cashier, number, day) tells whether somebody would look at it first."""

    shop_id: UUID
    purchased_at: KeptInstant | None = None
    currency: CurrencyCode
    lines: list[LineIn] = Field(min_length=1, max_length=LINES_MAX)
    tenders: list[TenderIn] = Field([], max_length=20)
    member_id: UUID | None = None
    member_number: str | None = Field(None, pattern=r"^[0-9]{6,20}$")
    member_code: str | None = Field(None, pattern=r"^[A-Z2-7]{20,80}$")
    till_id: TillId | None = None
    cashier_id: TillId | None = None
    receipt_number: ReceiptNumber | None = None
    business_date: KeptDay | None = None


_ACCEPTED: JsonDict = {
    "result": "accepted",
    "pos_transaction_id": "5f0c1b9e-6d2a-5b7f-9d7e-3a1c4e5f6a7b",
    "status": "posted",
    "points": 199,
    "balance": 199,
    "member_id": "0199f3a2-c1d0-7b7e-8000-00000000000a",
}
_REJECTED: JsonDict = {
    "result": "rejected",
    "code": "purchased_too_long_ago",
    "detail": "Receipts are taken for 400 days.",
}


class PosTransactionOut(BaseModel):
    """What became of a receipt.

    `status`: posted, anonymous (nobody's, can be claimed), waiting_member (its member is not
    known yet), waiting_sale (a refund that came before its sale), in_review (somebody looks at it
    before it earns), rejected (somebody did, and it earns nothing). `points` is what this receipt
    moved, `balance` the balance right after it. `code` and `detail` say why it was refused.
    `trimmed` points did not count; each of `notes` says why by its `code`: below_minimum,
    cooldown, cap_trimmed or cap_rejected (with cap, period, limit, granted_before and points).
    A refund's points_returned (redemption_id, points, amount_minor) says for each payment by points
    what came back to who paid: `amount_minor` of the refund is not returned as money. Its
    clawback_forgiven says what was not taken. A refund that was waiting_sale hears both when it is
    sent again after its sale. points_tender_differs (tendered_minor, redeemed_minor) and
    points_total_differs (claimed_minor, total_minor) say that the receipt and what points paid of
    it differ: reverse the payment, or mend the till.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_ACCEPTED]})

    result: Literal["accepted", "duplicate", "conflict", "rejected"]
    pos_transaction_id: UUID | None = None
    status: str | None = None
    points: int = 0
    balance: int | None = None
    member_id: UUID | None = None
    code: str | None = None
    detail: str | None = None
    facts: dict[str, object] | None = None
    trimmed: int = 0
    notes: list[dict[str, Any]] = []


class BatchOut(BaseModel):
    """One result an item, in the order sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"results": [_ACCEPTED, _REJECTED]}]})

    results: list[PosTransactionOut]


SALE_EXAMPLE = {
    "shop_id": "0199f3a2-0000-7000-8000-000000000001",
    "till_id": "T1",
    "receipt_number": "R-10001",
    "business_date": "2026-03-10",
    "purchased_at": "2026-03-10T19:30:00+08:00",
    "currency": "CNY",
    "total_minor": 19900,
    "lines": [
        {"line_number": 1, "category": "grocery", "quantity": 1, "amount_minor": 19900},
    ],
    "tenders": [{"kind": "mobile", "amount_minor": 19900}],
    "member_number": "612345678904",
}
REFUND_EXAMPLE = {
    "kind": "refund",
    "shop_id": "0199f3a2-0000-7000-8000-000000000001",
    "till_id": "T1",
    "receipt_number": "R-10001-1",
    "business_date": "2026-03-12",
    "purchased_at": "2026-03-12T11:00:00+08:00",
    "currency": "CNY",
    "total_minor": 9900,
    "lines": [
        {"line_number": 1, "category": "grocery", "amount_minor": 9900, "original_line_number": 1}
    ],
    "original": {"till_id": "T1", "receipt_number": "R-10001", "business_date": "2026-03-10"},
}
