"""Staff correct a balance: with a reason, once for each Idempotency-Key."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.principals import ADJUST
from services.points.domain.errors import NothingToAdjust
from services.points.usecases.adjust_points import AdjustmentRequest, adjust_points
from shared.auth import require_role
from shared.http.depends import CurrentStaff, IdempotencyKey, Now, Tx
from shared.http.fields import Code, Name
from shared.ids import new_id
from shared.logs import correlation_id, trace_parent

router = APIRouter(prefix="/v1/members/{member_id}/adjustments", tags=["Adjustments"])


class AdjustmentIn(BaseModel):
    """Points to add, or to take when negative; the balance must cover what is taken."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"points": 50, "reason_code": "goodwill", "note": "Waited for the gift"}]
        },
    )

    points: int = Field(ge=-1_000_000_000, le=1_000_000_000)
    reason_code: Code
    note: Name


class AdjustmentOut(BaseModel):
    """The adjustment as posted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "adjustment_id": "0199f3a2-c1d0-7b7e-8000-0000000000ad",
                    "points": 50,
                    "version": 2,
                    "balance": 249,
                    "reason_code": "goodwill",
                    "note": "Waited for the gift",
                    "made_by": "admin",
                    "recorded_at": "2026-03-10T12:00:00Z",
                }
            ]
        }
    )

    adjustment_id: UUID
    points: int
    version: int
    balance: int
    reason_code: str
    note: str
    made_by: str
    recorded_at: datetime


@router.post(
    "",
    summary="Adjust a balance",
    status_code=201,
    responses={200: {"model": AdjustmentOut, "description": "Done before; same answer."}},
)
async def adjust(
    member_id: UUID,
    body: AdjustmentIn,
    staff: CurrentStaff,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    response: Response,
) -> AdjustmentOut:
    """Posts at once; who, why and when stay with the posting. Role: points.adjust."""
    require_role(staff, ADJUST)
    if body.points == 0:
        raise NothingToAdjust("Zero points move nothing.")
    request = AdjustmentRequest(
        member_id, body.points, body.reason_code, body.note, staff.subject, key
    )
    made, is_new = await adjust_points(
        session,
        now,
        staff.program_id,
        new_id(),
        request,
        (correlation_id.get(), trace_parent.get()),
    )
    response.status_code = 201 if is_new else 200
    return AdjustmentOut(
        adjustment_id=made.adjustment_id,
        points=made.points,
        version=made.version,
        balance=made.balance_after,
        reason_code=made.reason_code,
        note=made.note,
        made_by=made.made_by,
        recorded_at=made.recorded_at,
    )
