"""The nightly run, for those who watch over it."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.points.api.paging import next_before
from services.points.api.principals import READ
from services.points.queries.expiry.nights import list_nights
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, Tx
from shared.http.fields import ISO_TEXT, LAX, instant_within

router = APIRouter(prefix="/v1/nights", tags=["Nights"])
Instant = Annotated[datetime, ISO_TEXT, instant_within(2000, 2200), LAX]


class NightOut(BaseModel):
    """The night that began the day `night_on`. While it runs, what is done so far."""

    night_on: date = Field(examples=["2026-03-10"])
    time_zone: str = Field(examples=["Asia/Shanghai"])
    due_at: datetime = Field(examples=["2026-03-09T16:00:00Z"])
    step: str = Field(examples=["done"], description="activate, release, expire, remind or done")
    started_at: datetime = Field(examples=["2026-03-09T16:00:21Z"])
    finished_at: datetime | None = Field(examples=["2026-03-09T16:01:12Z"])
    activated: int = Field(examples=[310], description="lots that became good")
    released: int = Field(examples=[4], description="holds that ran out")
    expired_accounts: int = Field(examples=[1250])
    expired_points: int = Field(examples=[98000])
    reminded: int = Field(examples=[0], description="digests told")
    chunks_left: int = Field(examples=[0], description="transactions left in this step")


class NightPage(BaseModel):
    """The latest first. Pass `next_before` as `before` for more; null on the last page."""

    nights: list[NightOut]
    next_before: datetime | None = Field(examples=[None, "2026-03-09T16:00:00Z"])


@router.get("", summary="Nightly runs")
async def read_nights(
    staff: CurrentStaff,
    session: Tx,
    before: Annotated[Instant | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NightPage:
    """What each night did, or is doing. Role: points.read."""
    require_whole(staff, READ)
    rows = await list_nights(session, staff.program_id, before, limit)
    nights = [NightOut(**row) for row in rows]
    return NightPage(nights=nights, next_before=next_before(nights, limit, lambda n: n.due_at))
