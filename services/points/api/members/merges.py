"""Staff merge two accounts of one person, and undo it."""

from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.principals import MERGE
from services.points.api.state import settings_of
from services.points.domain.members.errors import MergeUnknown
from services.points.storage.members.merges import StoredMerge, find_merge
from services.points.usecases.members.merge_accounts import MergeAsked, merge_accounts
from services.points.usecases.members.undo_merge import undo_merge
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code, Id, Name, Strict
from shared.ids import new_id
from shared.logs import current_origin

router = APIRouter(prefix="/v1/merges", tags=["Merges"])
_MERGED_ID = "0199f3a2-c1d0-7b7e-8000-00000000000b"
_SURVIVOR_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"


class MergeIn(Strict):
    """Whose account goes into whose, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "merged_member_id": _MERGED_ID,
                    "survivor_member_id": _SURVIVOR_ID,
                    "reason_code": "duplicate",
                    "note": "Same phone, seen with the passport",
                }
            ]
        }
    )

    merged_member_id: Id
    survivor_member_id: Id
    reason_code: Code
    note: Name


class MergeOut(BaseModel):
    """A merge. `points` moved, negative for a debt; `restored` went back when it was undone."""

    merge_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-0000000000e1"])
    merged_member_id: UUID = Field(examples=[_MERGED_ID])
    survivor_member_id: UUID = Field(examples=[_SURVIVOR_ID])
    points: int = Field(examples=[298])
    reason_code: str = Field(examples=["duplicate"])
    note: str = Field(examples=["Same phone, seen with the passport"])
    made_by: str = Field(examples=["admin"])
    recorded_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    undone_by: str | None = Field(examples=[None])
    undone_at: datetime | None = Field(examples=[None])
    restored: int | None = Field(examples=[None, 198])


def _out(merge: StoredMerge) -> MergeOut:
    return MergeOut(
        merge_id=merge.merge_id,
        merged_member_id=merge.merged_id,
        survivor_member_id=merge.survivor_id,
        points=merge.points,
        reason_code=merge.reason_code,
        note=merge.note,
        made_by=merge.made_by,
        recorded_at=merge.recorded_at,
        undone_by=merge.undone_by,
        undone_at=merge.undone_at,
        restored=merge.restored,
    )


@router.post(
    "",
    summary="Merge two accounts",
    status_code=201,
    responses={200: {"model": MergeOut, "description": "Merged before, by this merge."}},
)
async def merge(
    body: MergeIn, staff: CurrentStaff, session: Tx, now: Now, response: Response
) -> MergeOut:
    """All points go to the survivor, each lot as it is; a debt too. What comes for the merged
    member from now on goes there, and refunds of their old receipts claw back there.
    Role: points.merge."""
    require_whole(staff, MERGE)
    asked = MergeAsked(
        body.merged_member_id,
        body.survivor_member_id,
        body.reason_code,
        body.note,
        staff.subject,
    )
    origin = current_origin()
    made, is_new = await merge_accounts(session, now, staff.program_id, new_id(), asked, origin)
    response.status_code = 201 if is_new else 200
    return _out(made)


@router.get("/{merge_id}", summary="One merge")
async def read_merge(merge_id: UUID, staff: CurrentStaff, session: Tx) -> MergeOut:
    """The merge `merge_id`, undone or not. Role: points.merge."""
    require_whole(staff, MERGE)
    found = await find_merge(session, staff.program_id, merge_id)
    if found is None:
        raise MergeUnknown("No such merge.")
    return _out(found)


@router.post("/{merge_id}/undo", summary="Undo a merge")
async def undo(
    merge_id: UUID, staff: CurrentStaff, session: Tx, now: Now, request: Request
) -> MergeOut:
    """What is left of the points that `merge_id` moved goes back, and its debt. What was spent
    stays spent; what was earned since stays with the survivor. Role: points.merge."""
    require_whole(staff, MERGE)
    window = timedelta(days=settings_of(request).merge_undo_days_max)
    origin = current_origin()
    return _out(
        await undo_merge(session, now, staff.program_id, merge_id, staff.subject, window, origin)
    )
