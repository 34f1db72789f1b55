"""Staff freeze an account, or one lot of it, with a case; and thaw it."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.paging import PageSize
from services.points.api.principals import CASES
from services.points.api.state import settings_of
from services.points.domain.members.freezing import Freeze
from services.points.storage.members.freezes import list_freezes
from services.points.usecases.members.freeze_account import FreezeAsked, freeze_account
from services.points.usecases.members.thaw_account import ThawAsked, thaw_account
from shared.auth import require_role, require_whole
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code, Name, Strict
from shared.ids import new_id

router = APIRouter(prefix="/v1/members/{member_id}/freezes", tags=["Freezes"])


class FreezeIn(Strict):
    """Why. With `lot_version` only that lot is frozen, else the whole account."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"reason_code": "stolen_phone", "note": "Called the desk"},
                {"reason_code": "disputed", "note": "Receipt in question", "lot_version": 3},
            ]
        }
    )

    reason_code: Code
    note: Name
    lot_version: int | None = Field(None, ge=1, le=2**62)


class ThawIn(Strict):
    """What came of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "Phone found"}]})

    outcome: Name


class FreezeOut(BaseModel):
    """A case. It freezes as long as `closed_at` is null."""

    case_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-0000000000ca"])
    member_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a"])
    lot_version: int | None = Field(examples=[None, 3])
    reason_code: str = Field(examples=["stolen_phone"])
    note: str = Field(examples=["Called the desk"])
    opened_by: str = Field(examples=["admin"])
    opened_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    closed_by: str | None = Field(examples=[None])
    closed_at: datetime | None = Field(examples=[None])
    outcome: str | None = Field(examples=[None])


def _out(case: Freeze) -> FreezeOut:
    return FreezeOut.model_validate({name: getattr(case, name) for name in FreezeOut.model_fields})


@router.post(
    "",
    summary="Freeze an account or a lot",
    status_code=201,
    responses={200: {"model": FreezeOut, "description": "Frozen before, by this case."}},
)
async def open_freeze(
    member_id: UUID, body: FreezeIn, staff: CurrentStaff, session: Tx, now: Now, response: Response
) -> FreezeOut:
    """Nothing goes out of the account of `member_id`, or of the lot, and nothing of it ends, until
    the case is closed. What comes in still comes in, and refunds still claw back.
    Role: points.cases."""
    require_whole(staff, CASES)
    asked = FreezeAsked(member_id, body.lot_version, body.reason_code, body.note, staff.subject)
    made, is_new = await freeze_account(session, now, staff.program_id, new_id(), asked)
    response.status_code = 201 if is_new else 200
    return _out(made)


@router.get("", summary="Freezes of a member")
async def read_freezes(
    member_id: UUID,
    staff: CurrentStaff,
    session: Tx,
    before: UUID | None = None,
    limit: PageSize = 200,
) -> list[FreezeOut]:
    """What is and was frozen of `member_id`, the newest first; pass the last one's `case_id` as
    `before` for more. Role: points.cases."""
    require_role(staff, CASES)
    found = await list_freezes(session, staff.program_id, member_id, before, limit)
    return [_out(case) for case in found]


@router.post("/{case_id}/thaw", summary="Thaw what a case froze")
async def close(
    member_id: UUID,
    case_id: UUID,
    body: ThawIn,
    staff: CurrentStaff,
    session: Tx,
    now: Now,
    request: Request,
) -> FreezeOut:
    """Closes `case_id` of `member_id`. What ended while it was frozen lasts some days more.
    Role: points.cases."""
    require_whole(staff, CASES)
    asked = ThawAsked(member_id, case_id, staff.subject, body.outcome)
    days = settings_of(request).thaw_grace_days
    return _out(await thaw_account(session, now, staff.program_id, asked, days))
