"""Types of fields that several requests share."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field, StringConstraints

from shared.http.fields import ISO_TEXT, LAX, day_within, instant_within

_YEARS = (2000, 2100)

Instant = Annotated[datetime, ISO_TEXT, instant_within(*_YEARS), LAX]
Day = Annotated[date, ISO_TEXT, day_within(*_YEARS), LAX]
Minor = Annotated[int, Field(ge=1, le=10**12, description="minor units, for example fen")]
MemberCode = Annotated[str, StringConstraints(pattern=r"^[A-Z2-7]{52}$")]
TimeOfDay = Annotated[
    str,
    StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    Field(description="HH:MM in the mall's zone; 24:00 is the day's end"),
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[
    UUID | None, Query(description="`next` of the page before; leave out for the first page.")
]
