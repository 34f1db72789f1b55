"""Types of fields that several requests share."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

_YEAR_MIN, _YEAR_MAX = 1900, 2100


class Strict(BaseModel):
    """A request: no unknown fields, no numbers as text, no text as numbers."""

    model_config = ConfigDict(strict=True, extra="forbid")


def _only_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("Send ISO 8601 text.")
    return value


def _with_zone(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("Say the time zone, for example 2026-03-10T12:00:00+08:00.")
    if not _YEAR_MIN <= value.year <= _YEAR_MAX:
        raise ValueError("The year lies outside of what is kept.")
    return value.astimezone(UTC)


def _kept(value: date) -> date:
    if not _YEAR_MIN <= value.year <= _YEAR_MAX:
        raise ValueError("The year lies outside of what is kept.")
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_only_text),
    AfterValidator(_with_zone),
    Field(strict=False),
]
Day = Annotated[date, BeforeValidator(_only_text), AfterValidator(_kept), Field(strict=False)]
Phone = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9+() .-]{3,40}$"),
    Field(description="as typed; without a country code it is of the programme's region"),
]
MemberNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{11}$")]
TillId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_.]{0,40}$")]
