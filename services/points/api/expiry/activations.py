"""Pending points become good by hand, or when something happened."""

from collections.abc import Callable
from typing import Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.points.api.principals import ACTIVITIES, ADJUST, check_place
from services.points.domain.ledger.lots import LotTerms
from services.points.usecases.expiry.activate_points import ActivationAsked, activate_points
from shared.auth import Staff, require_role, require_whole
from shared.http.depends import CurrentStaff, IdempotencyKey, Now, StaffOrService, Tx
from shared.http.fields import Code, Id, Name, Strict

router = APIRouter(prefix="/v1/members/{member_id}", tags=["Pending points"])
_RECEIPT_ID = "5f0c1b9e-6d2a-5b7f-9d7e-3a1c4e5f6a7b"


class ActivationIn(Strict):
    """Which points, by the lot or by the receipt or activity that earned them, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source_id": _RECEIPT_ID,
                    "reason_code": "return_period_waived",
                    "note": "Asked at the desk",
                }
            ]
        }
    )

    lot_version: int | None = Field(None, ge=1, le=2**62)
    source_id: Id | None = None
    reason_code: Code
    note: Name

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if (self.lot_version is None) == (self.source_id is None):
            raise ValueError("Name a lot or a source.")
        return self


class EventIn(Strict):
    """What happened, by the name that policies use; `source_id` if it was about one receipt or
    activity only."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"event": "delivered", "source_id": _RECEIPT_ID}]}
    )

    event: Code
    source_id: Id | None = None


class LotOut(BaseModel):
    """A lot whose points are good now."""

    lot_version: int = Field(examples=[3])
    points: int = Field(examples=[199])


class ActivationOut(BaseModel):
    """What became good; `balance` did not change, `pending` is what still waits.

    `member_id` is whose points they are: the one named, or whom that one was merged into."""

    member_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a"])
    points: int = Field(examples=[199])
    lots: list[LotOut]
    balance: int = Field(examples=[199])
    pending: int = Field(examples=[0])


@router.post("/activations", summary="Make pending points good by hand")
async def activate(
    member_id: UUID,
    body: ActivationIn,
    staff: CurrentStaff,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
) -> ActivationOut:
    """Of `member_id`, before their time; who and why is kept. Role: points.adjust, for the malls or
    shops that issued them."""
    require_role(staff, ADJUST)
    asked = ActivationAsked(
        member_id,
        staff.subject,
        key,
        lot_version=body.lot_version,
        source_id=body.source_id,
        reason_code=body.reason_code,
        note=body.note,
    )
    answer = await activate_points(session, now, staff.program_id, asked, _guard(staff))
    return ActivationOut.model_validate(answer)


@router.post("/activation-events", summary="Tell what pending points wait for")
async def tell_event(
    member_id: UUID,
    body: EventIn,
    who: StaffOrService,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
) -> ActivationOut:
    """Makes the points of `member_id` good that wait for this event; there may be none.
    Role: points.activities,
    for the whole programme."""
    require_whole(who, ACTIVITIES)
    asked = ActivationAsked(member_id, who.subject, key, event=body.event, source_id=body.source_id)
    answer = await activate_points(session, now, who.program_id, asked)
    return ActivationOut.model_validate(answer)


def _guard(staff: Staff) -> Callable[[LotTerms], None]:
    def check(terms: LotTerms) -> None:
        check_place(staff, terms.mall_id, terms.shop_id)

    return check
