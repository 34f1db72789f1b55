"""Pages of things ordered by their UUIDv7, which is by when they were made."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Page:
    """`next` names where the following page begins; None after the last."""

    rows: list[dict[str, Any]]
    next: UUID | None


def page_of(rows: list[dict[str, Any]], limit: int, key: str) -> Page:
    """A page out of `limit + 1` rows that were asked for."""
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], rows[limit - 1][key])
