"""An anonymous receipt is claimed by its member."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.principals import DESK, require_shop
from services.points.api.receipts.pos_models import Minor
from services.points.api.state import settings_of
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.receipts.errors import ReceiptUnknown
from services.points.domain.receipts.receipts import ReceiptKey
from services.points.usecases.receipts.claim_receipt import ReceiptClaim, claim_receipt
from shared.auth import Staff
from shared.http.depends import MemberOrStaff, Now, Tx
from shared.http.fields import ReceiptNumber, TillId
from shared.http.problems import refusal
from shared.logs import current_origin

router = APIRouter(prefix="/v1/members/{member_id}/receipt-claims", tags=["Accounts"])


class ClaimIn(BaseModel):
    """What the paper says; the total shows that the claimant holds it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "shop_id": "0199f3a2-0000-7000-8000-000000000001",
                    "till_id": "T1",
                    "receipt_number": "R-10002",
                    "business_date": "2026-03-10",
                    "total_minor": 5000,
                }
            ]
        },
    )

    shop_id: UUID
    till_id: TillId
    receipt_number: ReceiptNumber
    business_date: date
    total_minor: Minor = Field(strict=True)


class ClaimOut(BaseModel):
    """The receipt is the member's, or somebody looks at it first: then it is `in_review` and has
    earned nothing yet. A repeat gets the same answer."""

    pos_transaction_id: UUID = Field(examples=["5f0c1b9e-6d2a-5b7f-9d7e-3a1c4e5f6a7b"])
    status: str = Field(examples=["posted"])
    points: int = Field(examples=[50])
    balance: int | None = Field(examples=[50])


@router.post("", summary="Claim an anonymous receipt", response_model=ClaimOut)
async def claim(
    member_id: UUID, body: ClaimIn, who: MemberOrStaff, session: Tx, now: Now, request: Request
) -> Any:
    """Earns by the rules and the tier of the purchase time. Staff need the role desk,
    for the shop or its mall. Claims that fit no receipt are counted: 20 a day, and after five wrong
    totals of one receipt a right one is looked at first."""
    if isinstance(who, Staff):
        await require_shop(who, DESK, session, body.shop_id)
    elif who.member_id != member_id:
        raise MemberUnknown("No such member in this programme.")
    key = ReceiptKey(body.shop_id, body.till_id, body.receipt_number, body.business_date)
    sale = await claim_receipt(
        session,
        now,
        who.program_id,
        ReceiptClaim(member_id, key, body.total_minor),
        timedelta(days=settings_of(request).claim_days_max),
        current_origin(),
    )
    if isinstance(sale, ReceiptUnknown):
        return refusal(sale)  # Not raised: what was counted must stay.
    return ClaimOut(
        pos_transaction_id=sale.transaction_id,
        status=sale.status,
        points=sale.points,
        balance=sale.balance_after,
    )
