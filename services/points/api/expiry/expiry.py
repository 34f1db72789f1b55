"""When points end: for the member to see, and for staff to change."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.principals import ADJUST, check_may_read
from services.points.api.state import settings_of
from services.points.domain.expiry.expiry_changes import ChangeKind, ExpiryChange, ZoneOf
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.receipts.receipts import local_day
from services.points.queries.expiry.expiring import (
    EndingPoints,
    ExpirySchedule,
    find_expiry_schedule,
)
from services.points.storage.zones import load_zones
from services.points.usecases.expiry.set_lot_expiry import ExpiryRequest, set_lot_expiry
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, IdempotencyKey, MemberOrStaff, Now, Tx
from shared.http.fields import ISO_TEXT, LAX, Code, Name, Strict, day_within

router = APIRouter(prefix="/v1/members/{member_id}", tags=["Expiry"])
Day = Annotated[date, ISO_TEXT, day_within(2000, 2200), LAX]
_MEMBER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"
_INSTANT = timedelta(microseconds=1)


class Deadline(BaseModel):
    """Points that can be used to the end of the day `on` in the mall, and end at `expires_at`."""

    on: date = Field(examples=["2026-06-30"])
    expires_at: datetime = Field(examples=["2026-06-30T16:00:00Z"])
    points: int = Field(examples=[120])
    pending: int = Field(examples=[0], description="of these, what cannot be spent yet")
    is_over: bool = Field(examples=[False], description="over, and gone with the next night")


class ExpiryScheduleOut(BaseModel):
    """The deadlines and `never` add up to the balance; a debt has neither. `held` points are
    among them: a hold counts on what ends first."""

    member_id: UUID = Field(examples=[_MEMBER_ID])
    balance: int = Field(examples=[199])
    debt: int = Field(examples=[0])
    held: int = Field(examples=[0])
    pending: int = Field(examples=[0])
    deadlines: list[Deadline]
    never: int = Field(examples=[79], description="points without an end")
    by: date | None = Field(examples=[None, "2026-07-01"])
    ending_by: int | None = Field(
        examples=[None, 120], description="what is left to use and ends before or on the day `by`"
    )


class ToLastDay(Strict):
    """To the end of this day in the mall; lots that last longer stay as they are."""

    kind: Literal["last_day"]
    on: Day


class ToNever(Strict):
    """Without an end."""

    kind: Literal["never"]


class Longer(Strict):
    """So many days, or months (to the same day or that month's last), longer than now."""

    kind: Literal["days", "months"]
    amount: int = Field(ge=1, le=3_650)


class ExpiryChangeIn(Strict):
    """What to change: the lots named, or all that are open. `may_shorten` lets `last_day` make
    points end earlier than now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lot_versions": [1],
                    "change": {"kind": "months", "amount": 3},
                    "reason_code": "goodwill",
                    "note": "Was ill for a quarter",
                }
            ]
        }
    )

    lot_versions: list[Annotated[int, Field(ge=1, le=2**62)]] | None = Field(
        None, min_length=1, max_length=1_000
    )
    change: Annotated[ToLastDay | ToNever | Longer, Field(discriminator="kind")]
    may_shorten: bool = False
    reason_code: Code
    note: Name


class ChangedLotOut(BaseModel):
    """A lot's end before and after; equal when it was left as it was. Null is never."""

    lot_version: int = Field(examples=[1])
    points: int = Field(examples=[120])
    before: datetime | None = Field(examples=["2026-06-30T16:00:00Z"])
    after: datetime | None = Field(examples=["2026-09-30T16:00:00Z"])


class ExpiryChangeOut(BaseModel):
    """What was done. No points moved."""

    lots: list[ChangedLotOut]
    made_by: str = Field(examples=["admin"])
    recorded_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])


@router.get("/points/expiring", summary="What ends when")
async def read_expiring(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    now: Now,
    by: Annotated[Day | None, Query(description="add up what ends until then")] = None,
) -> ExpiryScheduleOut:
    """The whole balance by the day on which it ends, the earliest first."""
    check_may_read(who, member_id)
    found = await find_expiry_schedule(session, who.program_id, member_id)
    if found is None:
        raise MemberUnknown("No such member in this programme.")
    zone_of = await load_zones(session, who.program_id)
    return schedule_out(member_id, found, zone_of, now, by)


def schedule_out(
    member_id: UUID, found: ExpirySchedule, zone_of: ZoneOf, now: datetime, by: date | None
) -> ExpiryScheduleOut:
    """The deadlines of one of the member's accounts, as they are answered."""
    deadlines = _deadlines(found.parts, zone_of, now)
    return ExpiryScheduleOut(
        member_id=member_id,
        balance=found.balance,
        debt=max(0, -found.balance),
        held=found.held,
        pending=sum(part.pending for part in found.parts),
        deadlines=deadlines,
        never=sum(part.points for part in found.parts if part.expires_at is None),
        by=by,
        ending_by=None
        if by is None
        else sum(d.points for d in deadlines if d.on <= by and not d.is_over),
    )


def _deadlines(parts: Iterable[EndingPoints], zone_of: ZoneOf, now: datetime) -> list[Deadline]:
    """By instant and by the last day in the mall that gave the points."""
    found: dict[tuple[datetime, date], Deadline] = {}
    for part in parts:
        ends_at = part.expires_at
        if ends_at is None:
            continue
        on = local_day(ends_at - _INSTANT, zone_of(part.mall_id))
        deadline = found.setdefault(
            (ends_at, on),
            Deadline(on=on, expires_at=ends_at, points=0, pending=0, is_over=ends_at <= now),
        )
        deadline.points += part.points
        deadline.pending += part.pending
    return list(found.values())


@router.post(
    "/expiry-changes",
    summary="Change when points end",
    status_code=201,
    responses={200: {"model": ExpiryChangeOut, "description": "Done before; same answer."}},
)
async def change_expiry(
    member_id: UUID,
    body: ExpiryChangeIn,
    staff: CurrentStaff,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    request: Request,
    response: Response,
) -> ExpiryChangeOut:
    """No points move; who, why and what was before stay with each lot. More points than one person
    may take of a member by adjustments without a check are not made to end earlier.
    Role: points.adjust."""
    require_whole(staff, ADJUST)
    wanted: Any = body.change
    change = ExpiryChange(
        ChangeKind(wanted.kind),
        getattr(wanted, "amount", 0),
        getattr(wanted, "on", None),
        body.may_shorten,
    )
    asked = ExpiryRequest(
        member_id,
        body.lot_versions,
        change,
        body.reason_code,
        body.note,
        staff.subject,
        key,
    )
    most = settings_of(request).adjustment_points_unchecked_max
    answer, is_new = await set_lot_expiry(session, now, staff.program_id, asked, most)
    response.status_code = 201 if is_new else 200
    return ExpiryChangeOut(**answer)
