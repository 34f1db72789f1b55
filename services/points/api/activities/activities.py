"""Earning without a purchase: other systems and staff tell what members did."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.points.api.paging import next_before
from services.points.api.principals import ACTIVITIES, check_may_read, check_place
from services.points.api.state import settings_of
from services.points.domain.activities.activities import Activity
from services.points.domain.activities.member_views import member_view
from services.points.domain.receipts.receipts import Bounds
from services.points.storage.activities.activities import list_activities_of
from services.points.usecases.activities.record_activity import ActivityTold, record_activity
from shared.auth import Member, Staff, require_role
from shared.http.depends import MemberOrStaff, Now, StaffOrService, Tx
from shared.http.fields import ISO_TEXT, LAX, Code, Id, Strict, instant_within
from shared.logs import current_origin

router = APIRouter(tags=["Activities"])
ExternalId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
Instant = Annotated[datetime, ISO_TEXT, instant_within(2000, 2200), LAX]
PageSize = Annotated[int, Query(ge=1, le=200)]
_NOTE: dict[str, Any] = {
    "code": "wallet_trimmed",
    "side": "member",
    "wallet": "stars",
    "limit": 100,
    "balance_before": 97,
    "worth": 5,
    "points": 2,
}
_MEMBER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"


class ActivityIn(Strict):
    """What a member did: check_in, survey, review, profile_completed, referral, or a kind of the
    programme's own. `external_id` names it for ever, within its member and kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": _MEMBER_ID,
                    "kind": "check_in",
                    "external_id": "app-2026-03-10",
                    "happened_at": "2026-03-10T19:30:00+08:00",
                }
            ]
        }
    )

    member_id: Id
    kind: Code
    external_id: ExternalId
    happened_at: Instant
    mall_id: Id | None = None
    referred_member_id: Id | None = Field(None, description="whom a referral brought")


class ActivityOut(BaseModel):
    """What it earned: `points` for the member, `referred_points` for whom they brought.

    They are in `wallet`, with that `balance`; pending ones are good from `activates_at` on, or when
    something happens. `credited_member_id` has them: the member, or whom they were merged into.
    Of what the wallet had no room for, a note each says whose it is (`side`: member or referred),
    what it was `worth`, and how many `points` did not count; of the member's own, the `limit` and
    the `balance_before`, too. It is not made up later. A member reads the own notes only, and as
    `referred_points` what the rule gives."""

    activity_id: UUID = Field(examples=["0199f3a2-c1d0-8b7e-8000-0000000000ac"])
    member_id: UUID = Field(examples=[_MEMBER_ID])
    credited_member_id: UUID = Field(examples=[_MEMBER_ID])
    wallet: str = Field(examples=["points", "stars"])
    kind: str = Field(examples=["check_in"])
    external_id: str = Field(examples=["app-2026-03-10"])
    happened_at: datetime = Field(examples=["2026-03-10T11:30:00Z"])
    recorded_at: datetime = Field(examples=["2026-03-10T11:30:01Z"])
    rule_version: int = Field(examples=[1])
    points: int = Field(examples=[5])
    is_pending: bool = Field(examples=[False])
    activates_at: datetime | None = Field(examples=[None])
    expires_at: datetime | None = Field(examples=["2027-03-10T16:00:00Z"])
    balance: int | None = Field(examples=[5])
    referred_member_id: UUID | None = Field(examples=[None])
    referred_points: int = Field(examples=[0])
    trimmed: int = Field(examples=[0], description="points that a full wallet did not take")
    notes: list[dict[str, Any]] | None = Field(examples=[None, [_NOTE]])


class ActivityPage(BaseModel):
    """The newest first. Pass `next_before` as `before` for more; null on the last page."""

    activities: list[ActivityOut]
    next_before: UUID | None = Field(examples=[None])


def _out(activity: Activity) -> ActivityOut:
    same = ("referred_member_id", "balance", "credited_member_id")
    fields = {
        name: getattr(activity, name) for name in ActivityOut.model_fields if name not in same
    }
    return ActivityOut(
        **fields,
        referred_member_id=activity.referred_id,
        balance=activity.balance_after,
        credited_member_id=activity.credited_member_id or activity.member_id,
    )


@router.post(
    "/v1/activities",
    summary="Tell what a member did",
    status_code=201,
    responses={200: {"model": ActivityOut, "description": "Told before; same answer."}},
)
async def tell_activity(
    body: ActivityIn,
    who: StaffOrService,
    session: Tx,
    now: Now,
    request: Request,
    response: Response,
) -> ActivityOut:
    """Earns by the rule that was in force when it happened. The same again gets the stored answer;
    with other content 409. What earns nothing is refused with why, and is not kept.
    Role: points.activities; who may touch
    some malls only names one of them."""
    require_role(who, ACTIVITIES)
    if isinstance(who, Staff):
        check_place(who, body.mall_id)
    settings = settings_of(request)
    bounds = Bounds(
        timedelta(seconds=settings.purchase_future_seconds_max),
        timedelta(days=settings.purchase_late_days_max),
    )
    told = ActivityTold(
        body.member_id,
        body.kind,
        body.external_id,
        body.happened_at,
        body.mall_id,
        body.referred_member_id,
        who.subject,
    )
    origin = current_origin()
    made, is_new = await record_activity(session, now, who.program_id, told, bounds, origin)
    response.status_code = 201 if is_new else 200
    return _out(made)


@router.get("/v1/members/{member_id}/activities", summary="Activities of a member")
async def read_activities(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> ActivityPage:
    """What `member_id` earned without a purchase; a member is not told how the wallet of whom they
    brought stands. Staff need the role points.read."""
    check_may_read(who, member_id)
    found = await list_activities_of(session, who.program_id, member_id, before, limit)
    shown = [member_view(activity) for activity in found] if isinstance(who, Member) else found
    return ActivityPage(
        activities=[_out(activity) for activity in shown],
        next_before=next_before(found, limit, lambda activity: activity.activity_id),
    )
