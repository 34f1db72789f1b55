"""Points that pay at a till: the quote, the payment and its reversal."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.config import JsonDict

from services.points.api.openapi import json_body
from services.points.api.receipts.pos_models import Minor
from services.points.api.spending.hold_models import Key, MemberNamed, Points, ReceiptNamed
from services.points.api.spending.holds import named_member
from services.points.api.state import bounds_of, settings_of
from services.points.domain.receipts.receipts import ReceiptKey
from services.points.storage.spending.till_payments import RedemptionRequest
from services.points.usecases.spending.quote_redemption import quote_redemption
from services.points.usecases.spending.redeem_at_till import redeem_at_till
from services.points.usecases.spending.reverse_redemption import ReversalRequest, reverse_redemption
from shared.auth import Till
from shared.http.depends import CurrentTill, Now, Tx
from shared.http.fields import CurrencyCode, Name
from shared.logs import current_origin

router = APIRouter(prefix="/v1", tags=["Redemptions"])


class QuoteIn(MemberNamed):
    """A receipt that a member would like to pay a part of with points."""

    receipt: ReceiptNamed
    receipt_total_minor: Minor
    currency: CurrencyCode


class RedemptionIn(QuoteIn):
    """Points that pay a part of the receipt, under the shop's own key for this request."""

    idempotency_key: Key
    points: Points


class ReversalIn(BaseModel):
    """A payment to undo; all that has not come back when `points` is left out."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    idempotency_key: Key
    redemption_id: UUID
    points: Points | None = None
    why: Name = "voided at the till"


_REDEMPTION_ID = "8d1f0b6e-2d6a-8b7f-9d7e-3a1c4e5f6a7b"
_MEMBER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"
_QUOTE: JsonDict = {
    "member_id": _MEMBER_ID,
    "receipt": {"till_id": "T1", "receipt_number": "R-10001", "business_date": "2026-03-10"},
    "receipt_total_minor": 19900,
    "currency": "CNY",
}
_REDEMPTION: JsonDict = {**_QUOTE, "idempotency_key": "R-10001/points", "points": 500}
_REVERSAL: JsonDict = {"idempotency_key": "R-10001/void", "redemption_id": _REDEMPTION_ID}


class QuoteOut(BaseModel):
    """What points can pay. `points_max` is in whole steps, 0 when the minimum is not reached."""

    member_id: UUID = Field(examples=[_MEMBER_ID])
    available: int = Field(examples=[1230])
    points_max: int = Field(examples=[1200])
    amount_minor_max: int = Field(examples=[1200])
    step_points: int = Field(examples=[100])
    step_minor: int = Field(examples=[100])
    minimum_points: int = Field(examples=[100])
    share_percent_max: int = Field(examples=[50])
    policy_version: int = Field(examples=[1])


class RedemptionOut(BaseModel):
    """Points spent, and what they paid: the receipt's tender of kind `points` says the id."""

    redemption_id: UUID = Field(examples=[_REDEMPTION_ID])
    member_id: UUID = Field(examples=[_MEMBER_ID])
    points: int = Field(examples=[500])
    amount_minor: int = Field(examples=[500])
    currency: str = Field(examples=["CNY"])
    balance: int = Field(examples=[730])
    recorded_at: datetime = Field(examples=["2026-03-10T11:30:00Z"])


class ReversalOut(BaseModel):
    """`points` came back now, `returned` of the redemption so far."""

    redemption_id: UUID = Field(examples=[_REDEMPTION_ID])
    member_id: UUID | None = Field(examples=[_MEMBER_ID])
    points: int = Field(examples=[500])
    returned: int = Field(examples=[500])
    balance: int = Field(examples=[1230])


_QUOTE_IN = TypeAdapter(QuoteIn)
_REDEMPTION_IN = TypeAdapter(RedemptionIn)
_REVERSAL_IN = TypeAdapter(ReversalIn)


@router.post(
    "/redemption-quotes",
    summary="What could points pay?",
    openapi_extra=json_body(QuoteIn, {"quote": _QUOTE}),
)
async def quote(request: Request, till: CurrentTill, session: Tx, now: Now) -> QuoteOut:
    """By the policy in force, the member's tier and what is available; nothing is done."""
    sent = _QUOTE_IN.validate_json(await request.body())
    bounds = bounds_of(settings_of(request))
    offer = await quote_redemption(session, now, bounds, _asked(request, till, sent))
    return QuoteOut(
        member_id=offer.member_id,
        available=offer.available,
        points_max=offer.points_max,
        amount_minor_max=offer.amount_minor_max,
        **offer.tariff._asdict(),
        policy_version=offer.policy_version,
    )


@router.post(
    "/redemptions",
    summary="Pay with points",
    status_code=201,
    responses={200: {"model": RedemptionOut, "description": "Done before; same answer."}},
    openapi_extra=json_body(RedemptionIn, {"redemption": _REDEMPTION}),
)
async def redeem(
    request: Request, till: CurrentTill, session: Tx, now: Now, response: Response
) -> RedemptionOut:
    """Points pay a part of a receipt that is not recorded yet. Its refunds give them back in
    proportion; refused with the shortfall, or with what the policy says, when they cannot pay."""
    sent = _REDEMPTION_IN.validate_json(await request.body())
    asked = _asked(request, till, sent, sent.points, sent.idempotency_key)
    bounds = bounds_of(settings_of(request))
    made, is_new = await redeem_at_till(session, now, bounds, asked)
    response.status_code = 201 if is_new else 200
    return RedemptionOut(
        redemption_id=made.redemption_id,
        member_id=made.account_id,
        points=made.points,
        amount_minor=made.amount_minor or 0,
        currency=made.currency or "",
        balance=made.balance_after,
        recorded_at=made.recorded_at,
    )


@router.post(
    "/redemption-reversals",
    summary="Undo a payment by points",
    status_code=201,
    responses={200: {"model": ReversalOut, "description": "Done before; same answer."}},
    openapi_extra=json_body(ReversalIn, {"reversal": _REVERSAL}),
)
async def reverse(
    request: Request, till: CurrentTill, session: Tx, now: Now, response: Response
) -> ReversalOut:
    """Of a redemption or a capture of this shop, whole or in part, for a payment that was voided.
    A refund's receipt does it by itself. The points keep the end that they had."""
    sent = _REVERSAL_IN.validate_json(await request.body())
    asked = ReversalRequest(
        sent.redemption_id, sent.points, sent.why, sent.idempotency_key, till, current_origin()
    )
    answer, is_new = await reverse_redemption(session, now, asked)
    response.status_code = 201 if is_new else 200
    return ReversalOut(**answer)


def _asked(
    request: Request, till: Till, sent: QuoteIn, points: int = 0, key: str = ""
) -> RedemptionRequest:
    receipt = sent.receipt
    return RedemptionRequest(
        till,
        named_member(request, till, sent),
        sent.member_number,
        ReceiptKey(till.shop_id, receipt.till_id, receipt.receipt_number, receipt.business_date),
        sent.receipt_total_minor,
        sent.currency,
        points,
        key,
        current_origin(),
    )
