"""Types of fields that several requests share."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

_YEAR_MIN, _YEAR_MAX = 2000, 2100


class Strict(BaseModel):
    """A request: no unknown fields, no numbers as text, no text as numbers."""

    model_config = ConfigDict(strict=True, extra="forbid")


def _only_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("Send text.")
    return value


def _only_iso(value: Any) -> Any:
    if not isinstance(value, str) or "-" not in value:
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


Id = Annotated[UUID, BeforeValidator(_only_text), Field(strict=False)]
Instant = Annotated[
    datetime, BeforeValidator(_only_iso), AfterValidator(_with_zone), Field(strict=False)
]
Day = Annotated[date, BeforeValidator(_only_iso), AfterValidator(_kept), Field(strict=False)]
Minor = Annotated[int, Field(ge=1, le=10**12, description="minor units, for example fen")]
MemberNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{11}$")]
MemberCode = Annotated[str, StringConstraints(pattern=r"^[A-Z2-7]{52}$")]
TillId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
ReceiptNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./-]{1,64}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
TimeOfDay = Annotated[
    str,
    StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    Field(description="HH:MM in the mall's zone; 24:00 is the day's end"),
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[
    UUID | None, Query(description="`next` of the page before; leave out for the first page.")
]
