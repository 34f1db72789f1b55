"""Types of fields that several requests share."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.http.fields import ISO_TEXT, LAX, day_within, instant_within

# Birthdays lie far back.
_YEARS = (1900, 2100)

Instant = Annotated[datetime, ISO_TEXT, instant_within(*_YEARS), LAX]
Day = Annotated[date, ISO_TEXT, day_within(*_YEARS), LAX]
Phone = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9+() .-]{3,40}$"),
    Field(description="as typed; without a country code it is of the programme's region"),
]
ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_.]{0,40}$")]
