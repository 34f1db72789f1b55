"""Staff correct a balance or write off a debt: with a reason, once for each Idempotency-Key."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.points.api.expiry.expiry_models import ExpiryIn
from services.points.api.paging import next_before
from services.points.api.principals import ADJUST, CHECK, READ
from services.points.api.state import settings_of
from services.points.domain.ledger.adjustments import ADJUSTMENT, WRITE_OFF, Adjustment, Asked
from services.points.domain.ledger.errors import NothingToAdjust
from services.points.domain.wallets.wallets import POINTS
from services.points.storage.ledger.adjustments import list_adjustments
from services.points.usecases.ledger.adjust_points import adjust_points
from services.points.usecases.ledger.check_adjustment import Check, check_adjustment
from shared.auth import require_role, require_whole
from shared.http.depends import CurrentStaff, IdempotencyKey, Now, Tx
from shared.http.fields import PLAIN, Code, Id, Name, Strict
from shared.ids import new_id
from shared.logs import current_origin

router = APIRouter(tags=["Adjustments"])
PageSize = Annotated[int, Query(ge=1, le=200)]
Evidence = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=PLAIN)]
Status = Literal["posted", "awaits_check", "rejected"]
_ADJUSTMENT_ID = "0199f3a2-c1d0-7b7e-8000-0000000000ad"
_MEMBER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"


class _Why(Strict):
    """Why staff do something by hand. Some reason codes ask for `evidence`."""

    reason_code: Code
    note: Name
    evidence: Evidence | None = None


class LotTermsIn(Strict):
    """Of points that are given: until when they last (unless said as what is bought that day does),
    which mall, or shop and so its mall, issues them, and who pays for them."""

    expiry: ExpiryIn | None = None
    mall_id: Id | None = None
    shop_id: Id | None = None
    funding: Code | None = None


class AdjustmentIn(_Why):
    """Points to add, or to take when negative; the balance must cover what is taken.

    `evidence` is a text or an address; some reason codes ask for it. `wallet` is one of
    `GET /v1/wallets`; what does not fit under its limit is refused.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"points": 50, "reason_code": "goodwill", "note": "Waited for the gift"}]
        }
    )

    points: int = Field(ge=-1_000_000_000, le=1_000_000_000)
    wallet: Code = "points"
    terms: LotTermsIn | None = None

    @model_validator(mode="after")
    def _gives_what_it_says_terms_of(self) -> Self:
        if self.terms is not None and self.points < 0:
            raise ValueError("Only points that are given have terms.")
        return self


class WriteOffIn(_Why):
    """Points of a debt that need not be paid back; without `points`, all of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason_code": "small_debt", "note": "Not worth a letter"}]
        }
    )

    points: int | None = Field(None, ge=1, le=1_000_000_000)


class CheckIn(Strict):
    """Why it was approved or rejected."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Seen with the shop"}]})

    note: Name


class AdjustmentOut(BaseModel):
    """The adjustment. While it `awaits_check` nothing has moved, and `version` is null. `member_id`
    is whose balance it is: the one named, or whom that one was merged into."""

    adjustment_id: UUID = Field(examples=[_ADJUSTMENT_ID])
    member_id: UUID = Field(examples=[_MEMBER_ID])
    wallet: str = Field(examples=["points"])
    kind: str = Field(examples=["adjustment", "write_off"])
    status: Status = Field(examples=["posted"])
    points: int = Field(examples=[50])
    terms: LotTermsIn | None = Field(examples=[None])
    version: int | None = Field(examples=[2])
    balance: int | None = Field(examples=[249])
    reason_code: str = Field(examples=["goodwill"])
    note: str = Field(examples=["Waited for the gift"])
    evidence: str | None = Field(examples=[None, "https://example.com/letters/17"])
    made_by: str = Field(examples=["admin"])
    recorded_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    checked_by: str | None = Field(examples=[None])
    checked_at: datetime | None = Field(examples=[None])
    check_note: str | None = Field(examples=[None])


class AdjustmentPage(BaseModel):
    """The newest first. Pass `next_before` as `before` for more; null on the last page."""

    adjustments: list[AdjustmentOut]
    next_before: UUID | None = Field(examples=[None, _ADJUSTMENT_ID])


def _out(a: Adjustment) -> AdjustmentOut:
    return AdjustmentOut.model_validate(
        {
            **{name: getattr(a, name) for name in AdjustmentOut.model_fields if name != "balance"},
            "balance": a.balance_after,
        }
    )


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": AdjustmentOut, "description": "Asked before; as it is now."},
    202: {"model": AdjustmentOut, "description": "Waits until somebody else approves it."},
}


def _asked(
    member_id: UUID,
    body: AdjustmentIn | WriteOffIn,
    staff: CurrentStaff,
    key: str,
    *,
    kind: str = ADJUSTMENT,
    wallet: str = POINTS,
    terms: LotTermsIn | None = None,
) -> Asked:
    why = (body.reason_code, body.note, staff.subject, key, body.evidence)
    said = None if terms is None else terms.model_dump(mode="json")
    return Asked(member_id, body.points, *why, kind, wallet, said)


async def _adjust(
    asked: Asked, staff: CurrentStaff, session: Tx, now: Now, request: Request, response: Response
) -> AdjustmentOut:
    made, is_new = await adjust_points(
        session,
        now,
        staff.program_id,
        new_id(),
        asked,
        settings_of(request).adjustment_points_unchecked_max,
        current_origin(),
    )
    response.status_code = 200 if not is_new else 201 if made.version is not None else 202
    return _out(made)


@router.post(
    "/v1/members/{member_id}/adjustments",
    summary="Adjust a balance",
    status_code=201,
    responses=_ANSWERS,
)
async def adjust(
    member_id: UUID,
    body: AdjustmentIn,
    staff: CurrentStaff,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    request: Request,
    response: Response,
) -> AdjustmentOut:
    """Adjusts the balance of `member_id`. Posts at once up to the programme's threshold, which
    counts what the caller gave or took of the member within 24 hours; who, why and when stay with
    the posting. Role: points.adjust."""
    require_whole(staff, ADJUST)
    if body.points == 0:
        raise NothingToAdjust("Zero points move nothing.")
    asked = _asked(member_id, body, staff, key, wallet=body.wallet, terms=body.terms)
    return await _adjust(asked, staff, session, now, request, response)


@router.post(
    "/v1/members/{member_id}/debt-write-offs",
    summary="Write off a debt",
    status_code=201,
    responses=_ANSWERS,
)
async def write_off(
    member_id: UUID,
    body: WriteOffIn,
    staff: CurrentStaff,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    request: Request,
    response: Response,
) -> AdjustmentOut:
    """The member `member_id` need not pay back what claw-backs left owing, or a part of it.
    Role: points.adjust."""
    require_whole(staff, ADJUST)
    asked = _asked(member_id, body, staff, key, kind=WRITE_OFF)
    return await _adjust(asked, staff, session, now, request, response)


@router.get("/v1/members/{member_id}/adjustments", summary="Adjustments of a member")
async def read_adjustments_of_member(
    member_id: UUID,
    staff: CurrentStaff,
    session: Tx,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> AdjustmentPage:
    """Who changed the balance of `member_id` by hand, when and why. Role: points.read."""
    require_role(staff, READ)
    found = await list_adjustments(session, staff.program_id, member_id, None, before, limit)
    return _page(found, limit)


@router.get("/v1/adjustments", summary="Adjustments")
async def read_adjustments(
    staff: CurrentStaff,
    session: Tx,
    status: Status | None = None,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> AdjustmentPage:
    """All of the programme's, or those in one status, as those that wait. Role: points.check."""
    require_whole(staff, CHECK)
    found = await list_adjustments(session, staff.program_id, None, status, before, limit)
    return _page(found, limit)


def _page(found: list[Adjustment], limit: int) -> AdjustmentPage:
    return AdjustmentPage(
        adjustments=[_out(adjustment) for adjustment in found],
        next_before=next_before(found, limit, lambda adjustment: adjustment.adjustment_id),
    )


async def _check(
    session: Tx, now: Now, staff: CurrentStaff, adjustment_id: UUID, check: Check
) -> AdjustmentOut:
    origin = current_origin()
    return _out(
        await check_adjustment(session, now, staff.program_id, adjustment_id, check, origin)
    )


@router.post("/v1/adjustments/{adjustment_id}/approval", summary="Approve an adjustment")
async def approve(
    adjustment_id: UUID, body: CheckIn, staff: CurrentStaff, session: Tx, now: Now
) -> AdjustmentOut:
    """Posts what waits as `adjustment_id`. Not by who asked for it. Role: points.check."""
    require_whole(staff, CHECK)
    check = Check(staff.subject, True, body.note)
    return await _check(session, now, staff, adjustment_id, check)


@router.post("/v1/adjustments/{adjustment_id}/rejection", summary="Reject an adjustment")
async def reject(
    adjustment_id: UUID, body: CheckIn, staff: CurrentStaff, session: Tx, now: Now
) -> AdjustmentOut:
    """Puts `adjustment_id` away; nothing moves. Not by who asked for it. Role: points.check."""
    require_whole(staff, CHECK)
    check = Check(staff.subject, False, body.note)
    return await _check(session, now, staff, adjustment_id, check)
