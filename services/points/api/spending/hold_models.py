"""What tills send and hear of points that are set aside."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.points.api.receipts.pos_models import Minor
from shared.http.fields import CurrencyCode, MemberNumber, ReceiptNumber, TillId

POINTS_MAX = 1_000_000_000
TTL_SECONDS = 900
_HOLD_ID = "8c1f0b6e-2d6a-8b7f-9d7e-3a1c4e5f6a7b"
_MEMBER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"

# It stands in the body because a till's signature covers that, and not the headers.
Key = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_./:-]{1,64}$",
        description="the shop's own name of this request: the same again gets the same answer",
    ),
]
Points = Annotated[int, Field(ge=1, le=POINTS_MAX)]


class _Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class MemberNamed(_Asked):
    """A member, named in exactly one way."""

    member_id: UUID | None = None
    member_number: MemberNumber | None = None
    member_code: str | None = Field(None, pattern=r"^[A-Z2-7]{20,80}$")


class HoldIn(MemberNamed):
    """Points to set aside until they are captured, released, or `ttl_seconds` have passed."""

    idempotency_key: Key
    points: Points
    ttl_seconds: int = Field(TTL_SECONDS, ge=10, le=604_800)
    reference: ReceiptNumber


class ReceiptNamed(_Asked):
    """The receipt that is paid, of the same shop; its refund gives points back."""

    till_id: TillId
    receipt_number: ReceiptNumber
    business_date: date


class BillIn(ReceiptNamed):
    """The receipt that is paid, which is not recorded yet, with what it comes to in minor units."""

    total_minor: Minor
    currency: CurrencyCode


class CaptureIn(_Asked):
    """Points of the hold to spend, all of them by default. `is_final` frees the rest. With a
    `receipt` they pay it, by the redemption policy; without one they pay something else."""

    idempotency_key: Key
    hold_id: UUID
    points: Points | None = None
    is_final: bool = True
    receipt: BillIn | None = None


class ReleaseIn(_Asked):
    """A hold that is not needed any more."""

    hold_id: UUID


class HoldOut(BaseModel):
    """A hold. `available` is what the member may spend: in the answer to a release now, everywhere
    else (as the hold is made, asked for again or listed) what it left when it was made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "hold_id": _HOLD_ID,
                    "member_id": _MEMBER_ID,
                    "status": "open",
                    "points": 100,
                    "captured": 0,
                    "available": 99,
                    "expires_at": "2026-03-10T12:15:00Z",
                    "reference": "R-10001",
                }
            ]
        }
    )

    hold_id: UUID
    member_id: UUID
    status: str
    points: int
    captured: int
    available: int | None
    expires_at: datetime | None
    reference: str


class CaptureOut(BaseModel):
    """Points spent. `held` is what the hold had left, `balance` the balance right after it;
    `amount_minor` is what they paid of the receipt, when the capture named one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "redemption_id": "8d1f0b6e-2d6a-8b7f-9d7e-3a1c4e5f6a7b",
                    "hold_id": _HOLD_ID,
                    "member_id": _MEMBER_ID,
                    "points": 100,
                    "held": 0,
                    "balance": 99,
                    "amount_minor": 100,
                    "currency": "CNY",
                    "recorded_at": "2026-03-10T12:01:00Z",
                }
            ]
        }
    )

    redemption_id: UUID
    hold_id: UUID
    member_id: UUID
    points: int
    held: int
    balance: int
    amount_minor: int | None
    currency: str | None
    recorded_at: datetime


HOLD_EXAMPLE: JsonDict = {
    "idempotency_key": "R-10001/hold",
    "member_id": _MEMBER_ID,
    "points": 100,
    "reference": "R-10001",
}
CAPTURE_EXAMPLE: JsonDict = {
    "idempotency_key": "R-10001/pay",
    "hold_id": _HOLD_ID,
    "points": 100,
    "receipt": {
        "till_id": "T1",
        "receipt_number": "R-10001",
        "business_date": "2026-03-10",
        "total_minor": 19900,
        "currency": "CNY",
    },
}
RELEASE_EXAMPLE: JsonDict = {"hold_id": _HOLD_ID}
