"""Receipts that were held back: staff look at them, and let them earn or not."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.api.paging import PageSize, next_before
from services.points.api.principals import CASES, check_place
from services.points.domain.reviews.errors import CaseUnknown
from services.points.storage.reviews.cases import Case, find_case, list_cases
from services.points.usecases.reviews.decide_case import Decision, decide_case
from shared.auth import Staff, require_role
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Name, Strict
from shared.logs import current_origin

router = APIRouter(prefix="/v1/cases", tags=["Review"])
_CASE_ID = "0199f3a2-c1d0-8b7e-8000-0000000000ca"
_RECEIPT_ID = "5f0c1b9e-6d2a-5b7f-9d7e-3a1c4e5f6a7b"
_WHY: list[dict[str, Any]] = [{"code": "own_card", "cashier_id": "C7"}]


class DecisionIn(Strict):
    """Why the receipt may earn, or why not."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Seen with the shop"}]})

    note: Name


class CaseOut(BaseModel):
    """A receipt that was held back. Each of `reasons` says why by its `code`: own_card or
    card_of_staff (with cashier_id), sent_again (with the transaction_id of the first), velocity
    (with per, window_seconds, limit and receipts), guessed (with wrong_claims)."""

    case_id: UUID = Field(examples=[_CASE_ID])
    status: Literal["open", "closed"] = Field(examples=["open"])
    reasons: list[dict[str, Any]] = Field(examples=[_WHY])
    transaction_id: UUID = Field(examples=[_RECEIPT_ID])
    receipt_status: str = Field(examples=["in_review"])
    points: int = Field(examples=[0])
    member_id: UUID | None = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a"])
    mall_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-000000000002"])
    shop_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-000000000003"])
    till_id: str = Field(examples=["T1"])
    cashier_id: str | None = Field(examples=["C7"])
    receipt_number: str = Field(examples=["R-10001"])
    business_date: date = Field(examples=["2026-03-10"])
    purchased_at: datetime = Field(examples=["2026-03-10T11:30:00Z"])
    total_minor: int = Field(examples=[19900])
    opened_by: str = Field(examples=["till 0199f3a2-c1d0-7b7e-8000-000000000003/T1"])
    opened_at: datetime = Field(examples=["2026-03-10T11:30:01Z"])
    closed_by: str | None = Field(examples=[None])
    closed_at: datetime | None = Field(examples=[None])
    outcome: Literal["approved", "rejected"] | None = Field(examples=[None])
    note: str | None = Field(examples=[None])


class CasePage(BaseModel):
    """The newest first. Pass `next_before` as `before` for more; null on the last page."""

    cases: list[CaseOut]
    next_before: UUID | None = Field(examples=[None, _CASE_ID])


def _out(case: Case) -> CaseOut:
    return CaseOut.model_validate({name: getattr(case, name) for name in CaseOut.model_fields})


async def _require_case(staff: Staff, session: AsyncSession, case_id: UUID) -> None:
    require_role(staff, CASES)
    case = await find_case(session, staff.program_id, case_id)
    if case is None:
        raise CaseUnknown("No such case.")
    check_place(staff, case.mall_id, case.shop_id)


@router.get("", summary="Cases of receipts")
async def read_cases(
    staff: CurrentStaff,
    session: Tx,
    status: Literal["open", "closed"] | None = None,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> CasePage:
    """Those that wait, that were decided, or all: of the malls and shops that the caller may touch.
    Role: points.cases."""
    require_role(staff, CASES)
    older_than = None
    if before is not None:
        last = await find_case(session, staff.program_id, before)
        if last is None:
            raise CaseUnknown("No such case.")
        older_than = last.opened_at, last.case_id
    places = (staff.mall_ids, staff.shop_ids)
    found = await list_cases(session, staff.program_id, status, older_than, limit, places)
    return CasePage(
        cases=[_out(case) for case in found],
        next_before=next_before(found, limit, lambda case: case.case_id),
    )


@router.post("/{case_id}/approval", summary="Let the receipt earn")
async def approve(
    case_id: UUID, body: DecisionIn, staff: CurrentStaff, session: Tx, now: Now
) -> CaseOut:
    """Posts the receipt of `case_id` by the rules and the tier of its purchase time, and the
    refunds that came meanwhile. Role: points.cases, for
    the receipt's shop or mall."""
    await _require_case(staff, session, case_id)
    decision = Decision(case_id, True, body.note, staff.subject)
    origin = current_origin()
    return _out(await decide_case(session, now, staff.program_id, decision, origin))


@router.post("/{case_id}/rejection", summary="Let the receipt not earn")
async def reject(
    case_id: UUID, body: DecisionIn, staff: CurrentStaff, session: Tx, now: Now
) -> CaseOut:
    """The receipt of `case_id` stays, and never posts. Role: points.cases, for
    the receipt's shop or mall."""
    await _require_case(staff, session, case_id)
    decision = Decision(case_id, False, body.note, staff.subject)
    origin = current_origin()
    return _out(await decide_case(session, now, staff.program_id, decision, origin))
