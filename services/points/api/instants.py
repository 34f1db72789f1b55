"""Instants and days in requests."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator, Field, Strict

# What Python and PostgreSQL can write down in any time zone, and some days before and after it:
# a request that names another day is refused before anybody counts with it.
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
KeptDay = Annotated[date, Field(ge=date(1900, 1, 2), le=date(2199, 12, 30))]
KeptInstant = Annotated[AwareDatetime, Field(ge=_EARLIEST, lt=_LATEST)]


def _read(value: Any) -> Any:
    if not isinstance(value, str) or "-" not in value:
        raise ValueError("Send an ISO 8601 day, or an instant with its time zone.")
    if len(value) == len("2026-03-10"):
        found: date = date.fromisoformat(value)
    else:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise ValueError("Say the time zone, for example 2026-03-10T12:00:00+08:00.")
        if 2000 <= found.year <= 2200:
            found = found.astimezone(UTC)
    if not 2000 <= found.year <= 2200:
        raise ValueError("The year lies outside of what is kept.")
    return found


AsOf = Annotated[
    Annotated[datetime, Strict()] | Annotated[date, Strict()] | None,
    BeforeValidator(_read),
    Query(
        description="what was so at this past instant, or at the end of this day in the mall",
        examples=["2026-03-10", "2026-03-10T12:00:00Z"],
    ),
]
