"""Which receipts somebody looks at before they earn, and the cards of those who work at tills."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.paging import PageSize, next_before
from services.points.api.principals import CASES, POLICY, check_may_read_rules, require_shop
from services.points.domain.reviews.review import OwnCard, Per, ReviewRules
from services.points.storage.reviews.reviews import load_review
from services.points.storage.reviews.staff_cards import (
    StaffCard,
    list_card_changes,
    list_cards,
)
from services.points.usecases.reviews.remove_staff_card import remove_staff_card
from services.points.usecases.reviews.set_review_rules import set_review_rules
from services.points.usecases.reviews.set_staff_card import set_staff_card
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import LAX, Id, Strict

router = APIRouter(tags=["Review"])
CashierId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$", examples=["C7"])]
_CHANGE_ID = "0199f3a2-c1d0-7b7e-8000-0000000000d1"
_EXAMPLE: dict[str, Any] = {
    "own_card": "cashier",
    "again_days": 3,
    "velocities": [{"per": "member", "window_seconds": 3_600, "receipts_max": 10}],
}


class VelocityIn(Strict):
    """More than `receipts_max` sales to members of one member, till or cashier within the time up
    to a purchase."""

    per: Annotated[Per, LAX]
    window_seconds: int = Field(ge=1, le=31 * 86_400)
    receipts_max: int = Field(ge=1, le=100_000)


class ReviewRulesIn(Strict):
    """What is held back: a cashier's own card at their till (`cashier`), or the card of anybody on
    the shop's staff in their shop (`shop`); a receipt of the same till, number and total under a
    business date that is at most `again_days` away; more receipts than a velocity lets through."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    own_card: Annotated[OwnCard, LAX] = OwnCard.OFF
    again_days: int = Field(0, ge=0, le=3)
    velocities: list[VelocityIn] = Field([], max_length=10)


class ReviewRulesOut(BaseModel):
    """The rules in force. Version 0 holds nothing back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1, **_EXAMPLE}]})

    version: int
    own_card: OwnCard
    again_days: int
    velocities: list[VelocityIn]


class StaffCardIn(Strict):
    """The member that the cashier is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"member_id": "0199f3a2-c1d0-7b7e-8000-00000000000a"}]}
    )

    member_id: Id


class StaffCardOut(BaseModel):
    """A cashier and their card."""

    cashier_id: str = Field(examples=["C7"])
    member_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a"])


class CardChangeOut(BaseModel):
    """Whose card it was from then on; null for nobody's."""

    change_id: UUID = Field(examples=[_CHANGE_ID])
    member_id: UUID | None = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a", None])
    recorded_by: str = Field(examples=["admin"])
    recorded_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])


class CardChangePage(BaseModel):
    """Newest first. Pass `next_before` as `before` for the older ones; null on the last page."""

    changes: list[CardChangeOut]
    next_before: UUID | None = Field(examples=[None, _CHANGE_ID])


def _out(rules: ReviewRules) -> ReviewRulesOut:
    return ReviewRulesOut(
        version=rules.version,
        own_card=rules.own_card,
        again_days=rules.again_days,
        velocities=[
            VelocityIn(per=v.per, window_seconds=v.window_seconds, receipts_max=v.receipts_max)
            for v in rules.velocities
        ],
    )


@router.get("/v1/review-rules", summary="Rules of review")
async def read_rules(staff: CurrentStaff, session: Tx) -> ReviewRulesOut:
    """What holds now. Role: points.policy or points.cases."""
    check_may_read_rules(staff, CASES, POLICY)
    return _out(await load_review(session, staff.program_id))


@router.put("/v1/review-rules", summary="Set the rules of review")
async def set_rules(
    body: ReviewRulesIn, staff: CurrentStaff, session: Tx, now: Now
) -> ReviewRulesOut:
    """Holds from now on, as the next version; earlier ones are kept. Role: points.policy."""
    require_whole(staff, POLICY)
    spec = body.model_dump(mode="json")
    return _out(await set_review_rules(session, now, staff.program_id, spec, staff.subject))


@router.get("/v1/shops/{shop_id}/staff-cards", summary="Cards of a shop's staff")
async def read_cards(
    shop_id: UUID,
    staff: CurrentStaff,
    session: Tx,
    after: Annotated[str | None, Query(max_length=32)] = None,
    limit: PageSize = 200,
) -> list[StaffCardOut]:
    """Who works at the tills of `shop_id` and is a member, by their cashier_id; pass the last one
    as `after` for more. Role: points.cases, for the shop or its mall."""
    await require_shop(staff, CASES, session, shop_id)
    cards = await list_cards(session, staff.program_id, shop_id, after, limit)
    return [StaffCardOut(cashier_id=c.cashier_id, member_id=c.member_id) for c in cards]


@router.put("/v1/shops/{shop_id}/staff-cards/{cashier_id}", summary="Set a cashier's card")
async def set_card(
    shop_id: UUID,
    cashier_id: CashierId,
    body: StaffCardIn,
    staff: CurrentStaff,
    session: Tx,
    now: Now,
) -> StaffCardOut:
    """The cashier `cashier_id` of `shop_id`, as receipts name them, is this member.
    Role: points.cases, for the shop or its mall."""
    await require_shop(staff, CASES, session, shop_id)
    card = StaffCard(shop_id, cashier_id, body.member_id)
    await set_staff_card(session, now, staff.program_id, card, staff.subject)
    return StaffCardOut(cashier_id=cashier_id, member_id=body.member_id)


@router.delete(
    "/v1/shops/{shop_id}/staff-cards/{cashier_id}",
    summary="Forget a cashier's card",
    status_code=204,
)
async def remove_card(
    shop_id: UUID, cashier_id: CashierId, staff: CurrentStaff, session: Tx, now: Now
) -> Response:
    """The cashier `cashier_id` of `shop_id` is no member any more, or is gone. That there was a
    card, and who took it away, stays in its changes. Role: points.cases, for the shop or its
    mall."""
    await require_shop(staff, CASES, session, shop_id)
    await remove_staff_card(session, now, staff.program_id, shop_id, cashier_id, staff.subject)
    return Response(status_code=204)


@router.get(
    "/v1/shops/{shop_id}/staff-cards/{cashier_id}/changes", summary="Who set a cashier's card"
)
async def read_card_changes(
    shop_id: UUID,
    cashier_id: CashierId,
    staff: CurrentStaff,
    session: Tx,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> CardChangePage:
    """Whose card the cashier `cashier_id` of `shop_id` had from when on, in pages. Role:
    points.cases, for the shop or its mall."""
    await require_shop(staff, CASES, session, shop_id)
    rows = await list_card_changes(session, staff.program_id, shop_id, cashier_id, before, limit)
    return CardChangePage(
        changes=[CardChangeOut(**row._asdict()) for row in rows],
        next_before=next_before(rows, limit, lambda row: row.change_id),
    )
