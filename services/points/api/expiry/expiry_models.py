"""How long points last, as staff state it: a part of whatever makes points."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from services.points.domain.expiry.expiry import DAYS_MAX, PERIODS_MAX
from shared.http.fields import ISO_TEXT, LAX, Strict, day_within

_AHEAD = Field(0, ge=0, le=PERIODS_MAX, description="further periods after the current one")


class NeverIn(Strict):
    """Points do not end."""

    kind: Literal["never"]


class RollingDaysIn(Strict):
    """So many days after the day of the purchase; 0 is to the end of that day."""

    kind: Literal["rolling_days"]
    days: int = Field(ge=0, le=DAYS_MAX)


class MonthsIn(Strict):
    """The same day so many months later, or that month's last; sliding: after each activity."""

    kind: Literal["months", "sliding"]
    months: int = Field(ge=0, le=PERIODS_MAX)


class CalendarDateIn(Strict):
    """To the end of this day, and of the same day of each later year for what is bought after."""

    kind: Literal["calendar_date"]
    on: Annotated[date, ISO_TEXT, day_within(2000, 2200), LAX]
    periods_ahead: int = _AHEAD


class EndOfPeriodIn(Strict):
    """To the end of the calendar month, quarter or year of the purchase."""

    kind: Literal["end_of_month", "end_of_quarter", "end_of_year"]
    periods_ahead: int = _AHEAD


ExpiryIn = Annotated[
    NeverIn | RollingDaysIn | MonthsIn | CalendarDateIn | EndOfPeriodIn,
    Field(discriminator="kind", examples=[{"kind": "months", "months": 24}]),
]
