"""Members give points to each other: offered, then accepted, declined, cancelled or run out."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.points.api.paging import next_before
from services.points.api.principals import ADJUST, check_is_self, check_may_read
from services.points.api.state import settings_of
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.members.errors import TransferUnknown
from services.points.domain.members.transfers import Transfer, TransferBounds
from services.points.storage.members.transfers import find_transfer, list_transfers
from services.points.usecases.members.accept_transfer import accept_transfer
from services.points.usecases.members.cancel_transfer import cancel_transfer
from services.points.usecases.members.decline_transfer import decline_transfer
from services.points.usecases.members.offer_transfer import TransferOffer, offer_transfer
from shared.auth import Staff, require_whole
from shared.http.depends import CurrentMember, IdempotencyKey, MemberOrStaff, Now, Tx
from shared.http.fields import PLAIN, Id, MemberNumber, Strict
from shared.ids import new_id
from shared.logs import current_origin

router = APIRouter(prefix="/v1/members/{member_id}/transfers", tags=["Transfers"])
PageSize = Annotated[int, Query(ge=1, le=200)]
Message = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
_MEMBER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"
_OTHER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000b"
_TRANSFER_ID = "0199f3a2-c1d0-7b7e-8000-0000000000f1"


class TransferIn(Strict):
    """Points for another member, named by id or by member number: just one of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"to_member_number": "600000000009", "points": 100, "message": "生日快乐"},
                {"to_member_id": _OTHER_ID, "points": 100},
            ]
        }
    )

    to_member_id: Id | None = None
    to_member_number: MemberNumber | None = None
    points: int = Field(ge=1, le=1_000_000_000)
    message: Message = ""

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.to_member_id is None) == (self.to_member_number is None):
            raise ValueError("Name the receiver by id or by member number, not both.")
        return self


class TransferOut(BaseModel):
    """A transfer. `offered` until it is `accepted`, `declined`, `cancelled` or `expired`."""

    transfer_id: UUID = Field(examples=[_TRANSFER_ID])
    from_member_id: UUID = Field(examples=[_MEMBER_ID])
    to_member_id: UUID = Field(examples=[_OTHER_ID])
    points: int = Field(examples=[100])
    message: str = Field(examples=["生日快乐"])
    status: str = Field(examples=["offered"])
    offered_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    accept_until: datetime = Field(examples=["2026-03-17T12:00:00Z"])
    closed_at: datetime | None = Field(examples=[None])


class TransferPage(BaseModel):
    """The newest first. Pass `next_before` as `before` for more; null on the last page."""

    transfers: list[TransferOut]
    next_before: UUID | None = Field(examples=[None, _TRANSFER_ID])


def _out(transfer: Transfer, now: datetime) -> TransferOut:
    return TransferOut(
        transfer_id=transfer.transfer_id,
        from_member_id=transfer.from_member_id,
        to_member_id=transfer.to_member_id,
        points=transfer.points,
        message=transfer.message,
        status="expired" if transfer.is_due(now) else transfer.status,
        offered_at=transfer.offered_at,
        accept_until=transfer.accept_until,
        closed_at=transfer.closed_at,
    )


@router.post(
    "",
    summary="Offer points",
    status_code=201,
    responses={200: {"model": TransferOut, "description": "Offered before; as it is now."}},
)
async def offer(
    member_id: UUID,
    body: TransferIn,
    who: CurrentMember,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    request: Request,
    response: Response,
) -> TransferOut:
    """Sets points of the member `member_id` aside for another, who has some days to take them."""
    check_is_self(who, member_id)
    settings = settings_of(request)
    bounds = TransferBounds(
        timedelta(days=settings.transfer_accept_days), settings.transfer_points_a_day_max
    )
    asked = TransferOffer(
        member_id, body.to_member_id, body.to_member_number, body.points, body.message, key
    )
    made, is_new = await offer_transfer(session, now, who.program_id, new_id(), asked, bounds)
    response.status_code = 201 if is_new else 200
    return _out(made, now)


@router.get("", summary="Transfers")
async def read_transfers(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    now: Now,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> TransferPage:
    """What the member `member_id` gave and was given."""
    check_may_read(who, member_id)
    found = await list_transfers(session, who.program_id, member_id, before, limit)
    return TransferPage(
        transfers=[_out(transfer, now) for transfer in found],
        next_before=next_before(found, limit, lambda transfer: transfer.transfer_id),
    )


@router.get("/{transfer_id}", summary="One transfer")
async def read_transfer(
    member_id: UUID, transfer_id: UUID, who: MemberOrStaff, session: Tx, now: Now
) -> TransferOut:
    """A transfer (`transfer_id`) that the member `member_id` gives or gets."""
    check_may_read(who, member_id)
    found = await find_transfer(session, who.program_id, transfer_id)
    if found is None or member_id not in {found.from_member_id, found.to_member_id}:
        raise TransferUnknown("No such transfer of this member.")
    return _out(found, now)


@router.post("/{transfer_id}/acceptance", summary="Take offered points")
async def accept(
    member_id: UUID, transfer_id: UUID, who: CurrentMember, session: Tx, now: Now
) -> TransferOut:
    """The receiver (`member_id`) takes what `transfer_id` offers. Expiry dates do not change."""
    check_is_self(who, member_id)
    origin = current_origin()
    done = await accept_transfer(session, now, who.program_id, transfer_id, member_id, origin)
    return _out(done, now)


@router.post("/{transfer_id}/refusal", summary="Decline offered points")
async def decline(
    member_id: UUID, transfer_id: UUID, who: CurrentMember, session: Tx, now: Now
) -> TransferOut:
    """The receiver (`member_id`) does not want what `transfer_id` offers: it is free again."""
    check_is_self(who, member_id)
    return _out(await decline_transfer(session, now, who.program_id, transfer_id, member_id), now)


@router.post("/{transfer_id}/cancellation", summary="Take an offer back")
async def cancel(
    member_id: UUID, transfer_id: UUID, who: MemberOrStaff, session: Tx, now: Now
) -> TransferOut:
    """The giver (`member_id`), or staff with the role points.adjust, takes `transfer_id` back."""
    if isinstance(who, Staff):
        require_whole(who, ADJUST)
        by = who.subject
    elif who.member_id == member_id:
        by = f"member {member_id}"
    else:
        raise MemberUnknown("No such member in this programme.")
    done = await cancel_transfer(session, now, who.program_id, transfer_id, member_id, by)
    return _out(done, now)
