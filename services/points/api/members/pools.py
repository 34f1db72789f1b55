"""Household pools: several members put points together and spend them, each within a cap."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.api.principals import READ, check_is_self
from services.points.api.state import settings_of
from services.points.domain.members.errors import PoolUnknown
from services.points.domain.members.pools import LEFT, OPEN, Pool
from services.points.storage.members.pools import find_pool, find_pool_balance
from services.points.usecases.members.contribute_to_pool import contribute_to_pool
from services.points.usecases.members.dissolve_pool import dissolve_pool
from services.points.usecases.members.invite_to_pool import Invitation, invite_to_pool
from services.points.usecases.members.join_pool import join_pool
from services.points.usecases.members.leave_pool import leave_pool
from services.points.usecases.members.open_pool import open_pool
from services.points.usecases.members.spend_from_pool import Spending, spend_from_pool
from shared.auth import Member, Staff, require_role
from shared.http.depends import CurrentMember, IdempotencyKey, MemberOrStaff, Now, Tx
from shared.http.fields import Id, MemberNumber, Name, Strict
from shared.ids import new_id
from shared.logs import current_origin

router = APIRouter(prefix="/v1", tags=["Household pools"])
Points = Annotated[int, Field(ge=1, le=1_000_000_000)]
_POOL_ID = "0199f3a2-c1d0-7b7e-8000-0000000000d1"
_OWNER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"
_MEMBER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000b"
_SHOP_ID = "0199f3a2-c1d0-7b7e-8000-000000000003"


class PoolIn(Strict):
    """A pool. Without `month_points_max` its members spend as much as there is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Wang family", "month_points_max": 500}]}
    )

    name: Name
    month_points_max: Points | None = None


class InvitationIn(Strict):
    """Somebody for the pool, by id or member number: just one of them. `month_points_max` goes
    before the pool's."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"member_number": "600000000009", "month_points_max": 200}]}
    )

    member_id: Id | None = None
    member_number: MemberNumber | None = None
    month_points_max: Points | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.member_id is None) == (self.member_number is None):
            raise ValueError("Name the member by id or by member number, not both.")
        return self


class DepartureIn(Strict):
    """Who leaves: oneself, or for the owner a member who is sent away."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"member_id": _MEMBER_ID}]})

    member_id: Id


class ContributionIn(Strict):
    """Points to put into the pool."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"points": 100}]})

    points: Points


class SpendingIn(Strict):
    """Points of the pool to spend in a shop; `reference` is what they pay for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"points": 100, "shop_id": _SHOP_ID, "reference": "Tea set"}]
        }
    )

    points: Points
    shop_id: Id
    reference: Name


class PoolMemberOut(BaseModel):
    """A member, invited or joined."""

    member_id: UUID = Field(examples=[_OWNER_ID])
    status: str = Field(examples=["joined", "invited"])
    month_points_max: int | None = Field(examples=[None, 200])
    since: datetime = Field(examples=["2026-03-10T12:00:00Z"])


class PoolOut(BaseModel):
    """A pool and who is in it."""

    pool_id: UUID = Field(examples=[_POOL_ID])
    name: str = Field(examples=["Wang family"])
    owner_id: UUID = Field(examples=[_OWNER_ID])
    status: str = Field(examples=["open", "dissolved"])
    balance: int = Field(examples=[300])
    month_points_max: int | None = Field(examples=[500])
    members: list[PoolMemberOut]


class MovedOut(BaseModel):
    """What was moved, and what is in the pool after it. `month_left` is what the member may still
    spend this month; null without a cap, and for a contribution. The shop can undo a spending by
    its `redemption_id`."""

    redemption_id: UUID | None = Field(examples=["0199f3a2-c1d0-7b7e-8000-0000000000f5", None])
    points: int = Field(examples=[100])
    pool_balance: int = Field(examples=[300])
    month_left: int | None = Field(examples=[100, None])


async def _show(session: AsyncSession, who: Member | Staff, pool_id: UUID) -> PoolOut:
    found = await find_pool(session, who.program_id, pool_id)
    if found is None or (isinstance(who, Member) and who.member_id not in found[1]):
        raise PoolUnknown("No such pool of this member.")
    pool, members = found
    return PoolOut(
        pool_id=pool.pool_id,
        name=pool.name,
        owner_id=pool.owner_id,
        status=pool.status,
        balance=await find_pool_balance(session, who.program_id, pool_id),
        month_points_max=pool.month_points_max,
        members=[
            PoolMemberOut(
                member_id=member.member_id,
                status=member.status,
                month_points_max=member.month_points_max,
                since=member.since,
            )
            for member in members.values()
            if member.status != LEFT
        ],
    )


@router.post(
    "/members/{member_id}/pools",
    summary="Open a pool",
    status_code=201,
    responses={200: {"model": PoolOut, "description": "Opened before; as it is now."}},
)
async def open_household_pool(
    member_id: UUID,
    body: PoolIn,
    who: CurrentMember,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    response: Response,
) -> PoolOut:
    """The member `member_id` is its owner and first member; nobody is in two pools."""
    check_is_self(who, member_id)
    made = Pool(new_id(), body.name, who.member_id, OPEN, body.month_points_max, now)
    pool_id, is_new = await open_pool(session, now, who.program_id, made, key)
    response.status_code = 201 if is_new else 200
    return await _show(session, who, pool_id)


@router.get("/pools/{pool_id}", summary="A pool")
async def read_pool(pool_id: UUID, who: MemberOrStaff, session: Tx) -> PoolOut:
    """The pool `pool_id`, for those in it and for staff with the role points.read."""
    if isinstance(who, Staff):
        require_role(who, READ)
    return await _show(session, who, pool_id)


@router.post("/pools/{pool_id}/invitations", summary="Invite a member")
async def invite_member(
    pool_id: UUID,
    body: InvitationIn,
    who: CurrentMember,
    session: Tx,
    now: Now,
    request: Request,
) -> PoolOut:
    """The owner of `pool_id` invites somebody, or sets what a member may spend in a month."""
    invitation = Invitation(body.member_id, body.member_number, body.month_points_max)
    most = settings_of(request).pool_members_max
    await invite_to_pool(session, now, who.program_id, pool_id, who.member_id, invitation, most)
    return await _show(session, who, pool_id)


@router.post("/pools/{pool_id}/joining", summary="Join a pool")
async def join_household_pool(pool_id: UUID, who: CurrentMember, session: Tx, now: Now) -> PoolOut:
    """Whom the owner of `pool_id` invited joins it."""
    await join_pool(session, now, who.program_id, pool_id, who.member_id)
    return await _show(session, who, pool_id)


@router.post("/pools/{pool_id}/departures", summary="Leave a pool")
async def leave_household_pool(
    pool_id: UUID, body: DepartureIn, who: CurrentMember, session: Tx, now: Now
) -> PoolOut:
    """A member leaves `pool_id`, or the owner sends one away. Their own unspent points go with
    them and end when they would have; what others spent of them stays spent."""
    await leave_pool(
        session, now, who.program_id, pool_id, body.member_id, who.member_id, current_origin()
    )
    return await _show(session, who, pool_id)


@router.post("/pools/{pool_id}/dissolution", summary="Dissolve a pool")
async def dissolve_household_pool(
    pool_id: UUID, who: CurrentMember, session: Tx, now: Now
) -> PoolOut:
    """The owner ends `pool_id`: everybody gets their own unspent points back."""
    await dissolve_pool(session, now, who.program_id, pool_id, who.member_id, current_origin())
    return await _show(session, who, pool_id)


@router.post(
    "/pools/{pool_id}/contributions",
    summary="Put points in",
    status_code=201,
    responses={200: {"model": MovedOut, "description": "Done before; same answer."}},
)
async def contribute_points(
    pool_id: UUID,
    body: ContributionIn,
    who: CurrentMember,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    response: Response,
) -> MovedOut:
    """The member's points go into `pool_id`, those that end first, and end when they would have."""
    answer, is_new = await contribute_to_pool(
        session, now, who.program_id, pool_id, who.member_id, body.points, key, current_origin()
    )
    response.status_code = 201 if is_new else 200
    return MovedOut(**answer)


@router.post(
    "/pools/{pool_id}/spendings",
    summary="Spend from a pool",
    status_code=201,
    responses={200: {"model": MovedOut, "description": "Done before; same answer."}},
)
async def spend_points(
    pool_id: UUID,
    body: SpendingIn,
    who: CurrentMember,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    response: Response,
) -> MovedOut:
    """The member spends points of `pool_id` in a shop, within their month's cap."""
    asked = Spending(pool_id, who.member_id, body.points, body.shop_id, body.reference, key)
    answer, is_new = await spend_from_pool(
        session, now, who.program_id, new_id(), asked, current_origin()
    )
    response.status_code = 201 if is_new else 200
    return MovedOut(**answer)
