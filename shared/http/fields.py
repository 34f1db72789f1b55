"""Types of fields that requests of several services share. Where bounds differ on purpose, each
service gives its own."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)


class Strict(BaseModel):
    """A request: no unknown fields, no numbers as text, no text as numbers, no `true` for 1."""

    model_config = ConfigDict(strict=True, extra="forbid")


# Text that PostgreSQL and people can read: no NUL, no control characters.
PLAIN = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
MemberNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{11}$")]
TillId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
ReceiptNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./-]{1,64}$")]


def _only_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("Send text.")
    return value


def _only_iso(value: Any) -> Any:
    # Pydantic would take a number as text, too, for seconds since 1970.
    if not isinstance(value, str) or "-" not in value:
        raise ValueError("Send ISO 8601 text.")
    return value


def _check_year(year: int, year_min: int, year_max: int) -> None:
    if not year_min <= year <= year_max:
        raise ValueError("The year lies outside of what is kept.")


def instant_within(year_min: int, year_max: int) -> AfterValidator:
    """For `Annotated[datetime, ISO_TEXT, instant_within(…), LAX]`: an instant of these years, both
    included, that says its time zone; kept in UTC."""

    def check(value: datetime) -> datetime:
        if value.tzinfo is None:
            raise ValueError("Say the time zone, for example 2026-03-10T12:00:00+08:00.")
        _check_year(value.year, year_min, year_max)
        return value.astimezone(UTC)

    return AfterValidator(check)


def day_within(year_min: int, year_max: int) -> AfterValidator:
    """For `Annotated[date, ISO_TEXT, day_within(…), LAX]`: a day of these years, both included."""

    def check(value: date) -> date:
        _check_year(value.year, year_min, year_max)
        return value

    return AfterValidator(check)


ISO_TEXT = BeforeValidator(_only_iso)
# What JSON has no word for comes as text: such a field of a strict model is read from that.
LAX = Field(strict=False)
Id = Annotated[UUID, BeforeValidator(_only_text), LAX]
