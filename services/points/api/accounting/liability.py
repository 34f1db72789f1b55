"""What is owed to members, by the month in which points were earned and the mall that gave them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.principals import require_finance
from services.points.domain.accounting.errors import LiabilityDayUnknown
from services.points.domain.accounting.liability import check_days
from services.points.queries.accounting.liability import list_liability
from services.points.usecases.accounting.rebuild_liability import rebuild_liability
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import ISO_TEXT, LAX, Strict, day_within

router = APIRouter(prefix="/v1/liability", tags=["Books"])
Day = Annotated[date, ISO_TEXT, day_within(1990, 2199), LAX]
DayAsked = Annotated[date | None, Query(ge=date(1990, 1, 1), lt=date(2200, 1, 1))]


class LiabilityRow(BaseModel):
    """A vintage of one mall and wallet on one day. What went out is negative, so that `opening`
    and the movements add up to `closing`."""

    wallet: str = Field(examples=["points"])
    mall_id: UUID | None = Field(
        examples=["0199f3a2-c1d0-7b7e-8000-000000000002"], description="null: the programme's own"
    )
    vintage: date | None = Field(
        examples=["2026-03-01"], description="month of earning; null: the members' debt"
    )
    opening: int = Field(examples=[1000])
    issued: int = Field(examples=[300])
    redeemed: int = Field(examples=[-200])
    expired: int = Field(examples=[0])
    clawed_back: int = Field(examples=[-50])
    adjusted: int = Field(examples=[0])
    transferred: int = Field(examples=[0])
    imported: int = Field(examples=[0])
    repaid: int = Field(examples=[0], description="credits that repaid debt; sums to zero")
    closing: int = Field(examples=[1050])
    given_so_far: int = Field(examples=[1300], description="issued, imported, less clawed back")
    expired_so_far: int = Field(examples=[0])
    breakage_ppm: int | None = Field(
        examples=[0], description="share of what was given that expired, in millionths, half up"
    )


class LiabilityDay(BaseModel):
    """A day of the programme's calendar, as written down when it was over."""

    day: date = Field(examples=["2026-03-10"])
    time_zone: str = Field(examples=["Asia/Shanghai"])
    starts_at: datetime = Field(examples=["2026-03-09T16:00:00Z"])
    ends_at: datetime = Field(examples=["2026-03-10T16:00:00Z"])
    built_at: datetime = Field(examples=["2026-03-10T16:20:00Z"])
    rows: list[LiabilityRow]


class RebuildIn(Strict):
    """The day to be built again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"day": "2026-01-31"}]})

    day: Day


class RebuildOut(BaseModel):
    """What came of it: `same` is what the append-only ledger promises."""

    day: date = Field(examples=["2026-01-31"])
    outcome: Literal["same", "changed", "not_written"] = Field(examples=["same"])


@router.get("", summary="Liability by vintage")
async def read_liability(
    staff: CurrentStaff, session: Tx, first_day: DayAsked = None, last_day: DayAsked = None
) -> list[LiabilityDay]:
    """Days from `first_day` to `last_day`, at most 31; without them the last one written down.
    Role: points.finance, for the whole programme."""
    require_finance(staff)
    check_days(first_day, last_day)
    days = await list_liability(session, staff.program_id, first_day, last_day)
    return [LiabilityDay(**day) for day in days]


@router.post("/rebuilds", summary="Build a day again")
async def rebuild(body: RebuildIn, staff: CurrentStaff, session: Tx, now: Now) -> RebuildOut:
    """From every posting up to the day's end. Role: points.finance."""
    require_finance(staff)
    try:
        is_changed = await rebuild_liability(session, now, staff.program_id, body.day)
    except LiabilityDayUnknown:
        return RebuildOut(day=body.day, outcome="not_written")
    return RebuildOut(day=body.day, outcome="changed" if is_changed else "same")
