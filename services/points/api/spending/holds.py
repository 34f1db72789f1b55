"""Points set aside for a payment at a till: hold, capture, release. Answered after COMMIT."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from services.points.api.openapi import json_body
from services.points.api.spending.hold_models import (
    CAPTURE_EXAMPLE,
    HOLD_EXAMPLE,
    RELEASE_EXAMPLE,
    BillIn,
    CaptureIn,
    CaptureOut,
    HoldIn,
    HoldOut,
    MemberNamed,
    ReleaseIn,
)
from services.points.api.state import bounds_of, holds_of, settings_of
from services.points.domain.receipts.receipts import ReceiptKey
from services.points.domain.spending.bills import Bill
from services.points.storage.spending.hold_requests import (
    CaptureHold,
    HoldTask,
    MakeHold,
    ReleaseHold,
)
from services.points.storage.spending.hold_tasks import CaptureAnswer, HoldAnswer
from services.points.usecases.spending.pay_with_hold import pay_with_hold
from shared.auth import Till, read_member_code
from shared.db import transaction
from shared.errors import DomainError, Rejected
from shared.http.depends import CurrentTill, runtime_of
from shared.http.direct import DirectRoute
from shared.ids import quick_uuid
from shared.logs import current_origin

tills = APIRouter(prefix="/v1", tags=["Holds"], route_class=DirectRoute)
_JSON = "application/json"


class MemberNotNamed(Rejected):
    """Name the member in one way, neither none nor two."""


_HOLD = TypeAdapter(HoldIn)
_CAPTURE = TypeAdapter(CaptureIn)
_RELEASE = TypeAdapter(ReleaseIn)


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
    the shop that made the hold may capture. One that names a receipt pays it as a redemption
    does: before it is recorded, by the policy, and its refunds give the points back."""
    sent = _CAPTURE.validate_json(await request.body())
    bill = None if sent.receipt is None else _bill(till, sent.receipt)
    hold_id = quick_uuid(sent.hold_id)
    asked = CaptureHold(sent.idempotency_key, hold_id, sent.points, sent.is_final, bill)
    if bill is None:
        answer = await _ask(request, till, asked)
    else:
        bounds = bounds_of(settings_of(request))
        runtime = runtime_of(request)
        async with transaction(runtime.engine) as session:
            answer = await pay_with_hold(session, runtime.clock(), bounds, _task(till, asked))
    assert isinstance(answer, CaptureAnswer)
    made = answer.captured
    # Written by hand: half of a figure is made of these answers. Nothing needs escaping.
    amount = "null" if made.amount_minor is None else made.amount_minor
    currency = "null" if made.currency is None else f'"{made.currency}"'
    body = (
        f'{{"redemption_id":"{made.redemption_id}","hold_id":"{made.hold_id}",'
        f'"member_id":"{made.account_id}","points":{made.points},"held":{made.hold_left},'
        f'"balance":{made.balance_after},"amount_minor":{amount},"currency":{currency},'
        f'"recorded_at":"{made.recorded_at.isoformat()}"}}'
    )
    return Response(body, 201 if answer.is_new else 200, media_type=_JSON)


@tills.post(
    "/hold-releases",
    summary="Free the points of a hold",
    response_model=HoldOut,
    openapi_extra=json_body(ReleaseIn, {"release": RELEASE_EXAMPLE}),
)
async def release_hold(request: Request, till: CurrentTill) -> Response:
    """What is left of it may be spent again, and `available` says what may be now. A second time,
    or of a hold whose time is over, nothing happens; a hold that was captured is refused."""
    sent = _RELEASE.validate_json(await request.body())
    return _hold_answer(await _ask(request, till, ReleaseHold(quick_uuid(sent.hold_id))), 200)


def named_member(request: Request, till: Till, sent: MemberNamed) -> UUID | None:
    """The member's id, unless the number must be looked up. Raises `MemberNotNamed`."""
    named = [sent.member_id, sent.member_number, sent.member_code]
    if sum(value is not None for value in named) != 1:
        raise MemberNotNamed("Name the member in exactly one way.")
    if sent.member_code is None:
        return None if sent.member_id is None else quick_uuid(sent.member_id)
    key = settings_of(request).deployment_key.get_secret_value()
    at = int(runtime_of(request).clock().timestamp())
    return read_member_code(key, till.program_id, sent.member_code, at)


async def _ask(
    request: Request, till: Till, asked: MakeHold | CaptureHold | ReleaseHold
) -> HoldAnswer | CaptureAnswer:
    answer = await holds_of(request).ask(_task(till, asked))
    if isinstance(answer, DomainError):
        raise answer
    return answer


def _task(till: Till, asked: MakeHold | CaptureHold | ReleaseHold) -> HoldTask:
    origin = current_origin()
    return HoldTask(till.program_id, till.shop_id, till.till_id, till.key_version, asked, origin)


def _bill(till: Till, sent: BillIn) -> Bill:
    key = ReceiptKey(till.shop_id, sent.till_id, sent.receipt_number, sent.business_date)
    return Bill(key, sent.total_minor, sent.currency)


def _hold_answer(answer: HoldAnswer | CaptureAnswer, status_if_new: int) -> Response:
    assert isinstance(answer, HoldAnswer)
    hold = answer.hold
    expires_at = "null" if hold.expires_at is None else f'"{hold.expires_at.isoformat()}"'
    available = "null" if answer.available is None else answer.available
    body = (
        f'{{"hold_id":"{hold.hold_id}","member_id":"{hold.account_id}",'
        f'"status":"{hold.status}","points":{hold.points},"captured":{hold.captured},'
        f'"available":{available},"expires_at":{expires_at},"reference":"{hold.reference}"}}'
    )
    return Response(body, status_if_new if answer.is_new else 200, media_type=_JSON)
