"""POST receipts: one, or a batch. 201 and 200 are sent after COMMIT, never before."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from services.points.api.openapi import json_body
from services.points.api.receipts.pos_models import (
    REFUND_EXAMPLE,
    SALE_EXAMPLE,
    BatchOut,
    PosTransactionIn,
    PosTransactionOut,
)
from services.points.api.receipts.pos_parsing import BatchIn, Reader, read_batch, read_one
from services.points.api.state import gather_of, settings_of
from services.points.domain.receipts.receipts import Receipt
from services.points.storage.receipts.pos_batch import Outcome, TillBatch
from shared.auth import Till
from shared.errors import DomainError
from shared.http.depends import CurrentTill
from shared.http.direct import DirectRoute
from shared.http.problems import refusal
from shared.logs import current_origin

router = APIRouter(
    prefix="/v1/pos-transactions", tags=["POS transactions"], route_class=DirectRoute
)
_JSON = "application/json"


@router.post(
    "",
    summary="Record a sale or a refund",
    status_code=201,
    response_model=PosTransactionOut,
    responses={200: {"model": PosTransactionOut, "description": "Stored before; same answer."}},
    openapi_extra=json_body(PosTransactionIn, {"sale": SALE_EXAMPLE, "refund": REFUND_EXAMPLE}),
)
async def record_pos_transaction(request: Request, till: CurrentTill) -> Response:
    """Stores the receipt, posts its points and answers with them and the new balance.

    The same receipt again gets the stored answer with 200; with other content 409.
    """
    receipt = read_one(_reader(request, till), await request.body())
    [outcome] = await _ask(request, till, [receipt])
    if outcome.error is not None:
        return refusal(outcome.error)
    status = 201 if outcome.result == "accepted" else 200
    return Response(_out_json(outcome), status, media_type=_JSON)


@router.post(
    "/batch",
    summary="Record up to 1,000 receipts of one shop",
    response_model=BatchOut,
    openapi_extra=json_body(BatchIn, {"two": {"transactions": [SALE_EXAMPLE, REFUND_EXAMPLE]}}),
)
async def record_pos_batch(request: Request, till: CurrentTill) -> Response:
    """One result an item, in order; a bad item is rejected alone. All or nothing is stored of
    what is accepted: a 503 means that nothing was."""
    found = read_batch(_reader(request, till), await request.body())
    outcomes = iter(
        await _ask(request, till, [item for item in found if isinstance(item, Receipt)])
    )
    results = [
        _out_json(next(outcomes)) if isinstance(item, Receipt) else item.model_dump_json()
        for item in found
    ]
    return Response(f'{{"results":[{",".join(results)}]}}', media_type=_JSON)


def _reader(request: Request, till: Till) -> Reader:
    settings = settings_of(request)
    key = settings.deployment_key.get_secret_value()
    return Reader(till.program_id, key, settings.batch_items_max)


async def _ask(request: Request, till: Till, receipts: Sequence[Receipt]) -> list[Outcome]:
    batch = TillBatch(
        till.program_id,
        till.shop_id,
        till.till_id,
        till.key_version,
        receipts,
        current_origin(),
    )
    answer = await gather_of(request).ask(batch, len(receipts))
    if isinstance(answer, DomainError):
        raise answer
    return answer


def _out_json(outcome: Outcome) -> str:
    """What the model would say. A stored receipt's is written by hand: it is most of the work of
    answering a batch, and nothing in it needs escaping. A test holds the two together."""
    stored = outcome.stored
    if outcome.error is not None or stored is None:
        return _out(outcome).model_dump_json()
    member = f'"{stored.member_id}"' if stored.status == "posted" else "null"
    balance = "null" if stored.balance_after is None else stored.balance_after
    notes = stored.told_notes
    return (
        f'{{"result":"{outcome.result}","pos_transaction_id":"{outcome.transaction_id}",'
        f'"status":"{stored.status}","points":{stored.points},"balance":{balance},'
        f'"member_id":{member},"code":null,"detail":null,"facts":null,'
        f'"trimmed":{stored.trimmed},"notes":{notes}}}'
    )


def _out(outcome: Outcome) -> PosTransactionOut:
    fields: dict[str, Any] = {
        "result": outcome.result,
        "pos_transaction_id": outcome.transaction_id,
        "status": None,
        "points": 0,
        "balance": None,
        "member_id": None,
        "code": None,
        "detail": None,
        "facts": None,
        "trimmed": 0,
        "notes": [],
    }
    if outcome.error is not None:
        fields |= {
            "code": outcome.error.code,
            "detail": outcome.error.detail,
            "facts": outcome.error.facts or None,
        }
    elif outcome.stored is not None:
        stored = outcome.stored
        fields |= {
            "status": stored.status,
            "points": stored.points,
            "balance": stored.balance_after,
            "member_id": stored.member_id if stored.status == "posted" else None,
            "trimmed": stored.trimmed,
            "notes": json.loads(stored.told_notes),
        }
    return PosTransactionOut.model_construct(**fields)
