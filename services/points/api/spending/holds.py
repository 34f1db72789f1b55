"""Points set aside for a payment at a till: hold, capture, release. Answered after COMMIT."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.config import JsonDict

from services.points.api.openapi import json_body
from services.points.api.state import holds_of, settings_of
from services.points.domain.receipts.receipts import ReceiptKey, transaction_id_of
from services.points.storage.spending.hold_tasks import (
    CaptureAnswer,
    CaptureHold,
    HoldAnswer,
    HoldTask,
    MakeHold,
    ReleaseHold,
)
from shared.auth import Till, read_member_code
from shared.errors import DomainError, Rejected
from shared.http.depends import CurrentTill, runtime_of
from shared.http.direct import DirectRoute
from shared.http.fields import MemberNumber, ReceiptNumber, TillId
from shared.logs import current_origin

tills = APIRouter(prefix="/v1", tags=["Holds"], route_class=DirectRoute)
POINTS_MAX = 1_000_000_000
TTL_SECONDS = 900
_JSON = "application/json"
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
    """The receipt that is paid; its refund gives points back."""

    till_id: TillId
    receipt_number: ReceiptNumber
    business_date: date


class CaptureIn(_Asked):
    """Points of the hold to spend, all of them by default. `is_final` frees the rest."""

    idempotency_key: Key
    hold_id: UUID
    points: Points | None = None
    is_final: bool = True
    receipt: ReceiptNamed | None = None


class ReleaseIn(_Asked):
    """A hold that is not needed any more."""

    hold_id: UUID


class HoldOut(BaseModel):
    """A hold. `available` is what it left the member to spend when it was made."""

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
    """Points spent. `held` is what the hold had left, `balance` the balance right after it."""

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
    recorded_at: datetime


class MemberNotNamed(Rejected):
    """Name the member in one way, neither none nor two."""


_HOLD = TypeAdapter(HoldIn)
_CAPTURE = TypeAdapter(CaptureIn)
_RELEASE = TypeAdapter(ReleaseIn)
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
    "receipt": {"till_id": "T1", "receipt_number": "R-10001", "business_date": "2026-03-10"},
}
RELEASE_EXAMPLE: JsonDict = {"hold_id": _HOLD_ID}


@tills.post(
    "/holds",
    summary="Set points aside",
    status_code=201,
    response_model=HoldOut,
    responses={200: {"model": HoldOut, "description": "Made before; the hold as it is now."}},
    openapi_extra=json_body(HoldIn, {"hold": HOLD_EXAMPLE}),
)
async def make_hold(request: Request, till: CurrentTill) -> Response:
    """The points stay in the balance and cannot be spent otherwise. Refused with the shortfall
    when less is available; an unused hold frees itself when its time is over."""
    sent = _HOLD.validate_json(await request.body())
    asked = MakeHold(
        sent.idempotency_key,
        named_member(request, till, sent),
        sent.member_number,
        sent.points,
        timedelta(seconds=sent.ttl_seconds),
        sent.reference,
    )
    return _hold_answer(await _ask(request, till, asked), 201)


@tills.post(
    "/hold-captures",
    summary="Spend points of a hold",
    status_code=201,
    response_model=CaptureOut,
    responses={200: {"model": CaptureOut, "description": "Done before; same answer."}},
    openapi_extra=json_body(CaptureIn, {"capture": CAPTURE_EXAMPLE}),
)
async def capture_hold(request: Request, till: CurrentTill) -> Response:
    """All or a part of what is left, in one capture or several until one is final. Any till of
    the shop that made the hold may capture."""
    sent = _CAPTURE.validate_json(await request.body())
    transaction_id = None
    if sent.receipt is not None:
        receipt = sent.receipt
        key = ReceiptKey(
            till.shop_id, receipt.till_id, receipt.receipt_number, receipt.business_date
        )
        transaction_id = transaction_id_of(till.program_id, key)
    asked = CaptureHold(
        sent.idempotency_key, sent.hold_id, sent.points, sent.is_final, transaction_id
    )
    answer = await _ask(request, till, asked)
    assert isinstance(answer, CaptureAnswer)
    made = answer.captured
    # Written by hand: half of a figure is made of these answers. Nothing needs escaping.
    body = (
        f'{{"redemption_id":"{made.redemption_id}","hold_id":"{made.hold_id}",'
        f'"member_id":"{made.account_id}","points":{made.points},"held":{made.hold_left},'
        f'"balance":{made.balance_after},"recorded_at":"{made.recorded_at.isoformat()}"}}'
    )
    return Response(body, 201 if answer.is_new else 200, media_type=_JSON)


@tills.post(
    "/hold-releases",
    summary="Free the points of a hold",
    response_model=HoldOut,
    openapi_extra=json_body(ReleaseIn, {"release": RELEASE_EXAMPLE}),
)
async def release_hold(request: Request, till: CurrentTill) -> Response:
    """What is left of it may be spent again. A second time nothing happens; a hold that was
    captured is refused."""
    sent = _RELEASE.validate_json(await request.body())
    return _hold_answer(await _ask(request, till, ReleaseHold(sent.hold_id)), 200)


def named_member(request: Request, till: Till, sent: MemberNamed) -> UUID | None:
    """The member's id, unless the number must be looked up. Raises `MemberNotNamed`."""
    named = [sent.member_id, sent.member_number, sent.member_code]
    if sum(value is not None for value in named) != 1:
        raise MemberNotNamed("Name the member in exactly one way.")
    if sent.member_code is None:
        return sent.member_id
    key = settings_of(request).deployment_key.get_secret_value()
    at = int(runtime_of(request).clock().timestamp())
    return read_member_code(key, till.program_id, sent.member_code, at)


async def _ask(
    request: Request, till: Till, asked: MakeHold | CaptureHold | ReleaseHold
) -> HoldAnswer | CaptureAnswer:
    origin = current_origin()
    task = HoldTask(till.program_id, till.shop_id, till.till_id, till.key_version, asked, origin)
    answer = await holds_of(request).ask(task)
    if isinstance(answer, DomainError):
        raise answer
    return answer


def _hold_answer(answer: HoldAnswer | CaptureAnswer, status_if_new: int) -> Response:
    assert isinstance(answer, HoldAnswer)
    hold = answer.hold
    expires_at = "null" if hold.expires_at is None else f'"{hold.expires_at.isoformat()}"'
    available = "null" if hold.available_after is None else hold.available_after
    body = (
        f'{{"hold_id":"{hold.hold_id}","member_id":"{hold.account_id}",'
        f'"status":"{hold.status}","points":{hold.points},"captured":{hold.captured},'
        f'"available":{available},"expires_at":{expires_at},"reference":"{hold.reference}"}}'
    )
    return Response(body, status_if_new if answer.is_new else 200, media_type=_JSON)
