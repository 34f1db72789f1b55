"""What a member may spend now, and what is set aside."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.points.api.paging import PageSize
from services.points.api.principals import check_may_read
from services.points.api.spending.hold_models import HoldOut
from services.points.domain.ledger.errors import MemberUnknown
from services.points.queries.spending.spending import find_spendable, list_open_holds
from shared.http.depends import MemberOrStaff, Now, Tx

router = APIRouter(prefix="/v1/members/{member_id}", tags=["Holds"])


class SpendableOut(BaseModel):
    """What a member has and may spend: `available` leaves out what is pending, frozen or held."""

    balance: int = Field(examples=[199])
    available: int = Field(examples=[99])
    pending: int = Field(examples=[0])
    held: int = Field(examples=[100])
    holds: list[HoldOut]


@router.get("/holds", summary="What may be spent, and what is held")
async def read_holds(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    now: Now,
    after: UUID | None = None,
    limit: PageSize = 200,
) -> SpendableOut:
    """Open holds, oldest first, with what is available beside them; pass the last one's `hold_id`
    as `after` for more. A hold whose time is over is not among them, cleared away or not yet."""
    check_may_read(who, member_id)
    found = await find_spendable(session, who.program_id, member_id, now)
    if found is None:
        raise MemberUnknown("No such member in this programme.")
    holds = await list_open_holds(session, who.program_id, member_id, now, after, limit)
    return SpendableOut(**found, holds=[HoldOut(**hold) for hold in holds])
