"""Which pool a member is in, and who asks them into theirs."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.points.api.principals import check_may_read
from services.points.domain.ledger.errors import MemberUnknown
from services.points.queries.ledger.accounts import find_balance
from services.points.queries.members.pools import list_pools_of
from shared.db import driver
from shared.http.depends import MemberOrStaff, Tx

router = APIRouter(prefix="/v1/members/{member_id}", tags=["Household pools"])


class PoolOfMember(BaseModel):
    """A pool that the member has joined, or is asked to join: `POST /v1/pools/{pool_id}/joining`
    takes the invitation. `month_points_max` is the member's own cap; null for the pool's."""

    pool_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-0000000000d1"])
    name: str = Field(examples=["Wang family"])
    owner_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a"])
    status: Literal["joined", "invited"] = Field(examples=["invited"])
    since: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    month_points_max: int | None = Field(examples=[200, None])


@router.get("/pools", summary="Pool and invitations of a member")
async def read_pools(member_id: UUID, who: MemberOrStaff, session: Tx) -> list[PoolOfMember]:
    """The pool that `member_id` is in first, then the newest 200 invitations that are open."""
    check_may_read(who, member_id)
    if await find_balance(await driver(session), who.program_id, member_id) is None:
        raise MemberUnknown("No such member in this programme.")
    rows = await list_pools_of(session, who.program_id, member_id)
    return [PoolOfMember(**row) for row in rows]
