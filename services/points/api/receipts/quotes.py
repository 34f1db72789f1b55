"""What a basket would earn: for tills, members and staff, without any effect."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.config import JsonDict

from services.points.api.openapi import json_body
from services.points.api.principals import DESK, check_place
from services.points.api.receipts.pos_models import BasketIn
from services.points.api.receipts.pos_parsing import Reader, read_basket
from services.points.api.state import bounds_of, settings_of
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.ledger.sentences import sentences_of
from services.points.domain.receipts.earning_sentences import note_sentences
from services.points.domain.receipts.errors import WrongShop
from services.points.domain.receipts.pos_records import POSTED
from services.points.domain.reviews.review_sentences import review_sentences
from services.points.usecases.receipts.quote_sale import Quote, quote_sale
from shared.auth import Member, Staff, Till, require_role
from shared.http.depends import CurrentTill, MemberOrStaff, reads_of, runtime_of
from shared.http.direct import DirectRoute

router = APIRouter(tags=["Quotes"], route_class=DirectRoute)
_BASKET: JsonDict = {
    "shop_id": "0199f3a2-0000-7000-8000-000000000001",
    "currency": "CNY",
    "lines": [{"line_number": 1, "category": "fresh", "amount_minor": 19900}],
    "tenders": [{"kind": "points", "amount_minor": 900}, {"kind": "cash", "amount_minor": 19000}],
    "member_id": "0199f3a2-c1d0-7b7e-8000-00000000000a",
}


_ADAPTER = TypeAdapter(BasketIn)


class QuotedRate(BaseModel):
    """A rate that a line earns by: `points` for every `per_minor`, times the `multipliers`."""

    source: str
    points: int
    per_minor: int
    step_minor: int = 1
    multipliers: list[str] = []


class QuotedLine(BaseModel):
    """What of a line counts, exactly, and its worth before the tier's multiplier and rounding."""

    line_number: int
    amount_minor: int
    eligible_minor: Decimal
    base_micro: int
    rates: list[QuotedRate]


class QuoteOut(BaseModel):
    """What the receipt would earn if it were recorded right now, and why.

    `points` is what would be posted; `worth` what it comes to before caps and cooldown. `notes`
    say what took the rest away. `status` is the one that the receipt would have: in_review when
    somebody would look at it before it earns; then `review` says why, as its case would.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "posted",
                    "member_id": "0199f3a2-c1d0-7b7e-8000-00000000000a",
                    "points": 285,
                    "worth": 285,
                    "trimmed": 0,
                    "notes": [],
                    "review": [],
                    "policy_id": "0199f3a2-0000-7000-8000-0000000000a1",
                    "policy_version": 1,
                    "tier": "gold",
                    "multiplier_milli": 1500,
                    "rounding": "floor",
                    "rounding_level": "receipt",
                    "total_minor": 19900,
                    "eligible_minor": "19000.000000",
                    "lines": [],
                    "is_pending": False,
                    "activates_at": None,
                    "expires_at": "2028-03-10T16:00:00Z",
                    "sentences": {"zh-CN": "消费得285积分。", "en": "It earned 285 points."},
                }
            ]
        }
    )

    status: str
    member_id: UUID | None
    points: int
    worth: int
    trimmed: int
    notes: list[dict[str, Any]]
    review: list[dict[str, Any]]
    policy_id: UUID
    policy_version: int
    tier: str | None
    multiplier_milli: int
    rounding: str
    rounding_level: str
    total_minor: int
    eligible_minor: Decimal
    lines: list[QuotedLine]
    is_pending: bool
    activates_at: datetime | None
    expires_at: datetime | None
    sentences: dict[str, str]


@router.post(
    "/v1/quotes",
    summary="What a basket would earn",
    response_model=QuoteOut,
    openapi_extra=json_body(BasketIn, {"basket": _BASKET}),
)
async def quote(request: Request, who: MemberOrStaff) -> Response:
    """Nothing is stored. It is decided by the code that records receipts, so that the receipt
    then earns just this, unless something of the member's happens in between. What points have
    paid must stand among the tenders, as it will on the receipt. A member asks for themselves,
    also without a name; staff need the role desk, for the shop or its mall."""
    basket = _ADAPTER.validate_json(await request.body())
    if isinstance(who, Staff):
        require_role(who, DESK)
    else:
        basket = _own(who, basket)
    return await _quoted(request, who, "desk", basket)


@router.post(
    "/v1/pos-transactions/quotes",
    summary="What a receipt would earn, asked by its till",
    response_model=QuoteOut,
    openapi_extra=json_body(BasketIn, {"basket": _BASKET}),
)
async def quote_at_till(request: Request, till: CurrentTill) -> Response:
    """As for members and staff; a till asks for its own shop, and for itself unless it names
    another till of the shop."""
    basket = _ADAPTER.validate_json(await request.body())
    if basket.shop_id != till.shop_id:
        raise WrongShop("A till asks for its own shop.")
    if basket.till_id is None:
        basket = basket.model_copy(update={"till_id": till.till_id})
    return await _quoted(request, till, till.till_id, basket)


def _own(member: Member, basket: BasketIn) -> BasketIn:
    if basket.member_id not in {None, member.member_id}:
        raise MemberUnknown("No such member in this programme.")
    if basket.member_number is not None or basket.member_code is not None:
        raise MemberUnknown("A member asks by their own id.")
    return basket.model_copy(update={"member_id": member.member_id})


async def _quoted(
    request: Request, who: Member | Staff | Till, till_id: str, basket: BasketIn
) -> Response:
    settings, now = settings_of(request), runtime_of(request).clock()
    key = settings.deployment_key.get_secret_value()
    reader = Reader(who.program_id, key, settings.batch_items_max)
    purchased_at = basket.purchased_at or now
    receipt = read_basket(reader, basket, purchased_at)
    found = await quote_sale(
        reads_of(request), who.program_id, now, bounds_of(settings), till_id, receipt
    )
    if isinstance(who, Staff):
        check_place(who, found.sale.mall_id, found.sale.shop_id)
    return Response(_out(found).model_dump_json(), media_type="application/json")


def _out(found: Quote) -> QuoteOut:
    sale, rating, policy = found.sale, found.rating, found.rating.policy
    scale = rating.scale
    lines = [
        QuotedLine(
            line_number=number,
            amount_minor=amount_minor,
            eligible_minor=_exact(eligible, scale),
            base_micro=rating.base_micro(weight),
            rates=[
                QuotedRate(
                    source=part.source,
                    points=part.rate.points,
                    per_minor=part.rate.per_minor,
                    step_minor=part.rate.step_minor,
                    multipliers=list(part.multipliers),
                )
                for part in applied.parts
            ],
        )
        for (number, amount_minor, weight), (eligible, applied) in zip(
            rating.weights, rating.rated, strict=True
        )
    ]
    return QuoteOut(
        status=sale.status,
        member_id=sale.member_id if sale.status == POSTED else None,
        points=sale.points,
        worth=found.worth,
        trimmed=sale.trimmed,
        notes=found.notes,
        review=list(found.why_review),
        policy_id=policy.policy_id,
        policy_version=policy.version,
        tier=found.tier,
        multiplier_milli=rating.multiplier_milli(found.tier),
        rounding=policy.rounding,
        rounding_level=policy.rounding_level,
        total_minor=sale.total_minor,
        eligible_minor=_exact(sum(eligible for eligible, _ in rating.rated), scale),
        lines=lines,
        is_pending=found.terms is not None and found.terms.pending,
        activates_at=found.terms.activates_at if found.terms is not None else None,
        expires_at=found.terms.expires_at if found.terms is not None else None,
        sentences=_sentences(found),
    )


def _exact(eligible: int, scale: int) -> Decimal:
    """In minor units, to six places."""
    return (Decimal(eligible) / scale).quantize(Decimal("0.000001"))


def _sentences(found: Quote) -> dict[str, str]:
    if found.why_review:
        return review_sentences(found.why_review)
    if found.reason is not None:
        return sentences_of(found.sale.points, found.reason)
    zh, en = note_sentences(found.notes)
    return {"zh-CN": zh or "不得积分。", "en": en or "It earns no points."}
