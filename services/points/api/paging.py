"""Pages of lists that only grow at their new end: each names where the next one begins."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

PageSize = Annotated[int, Query(ge=1, le=200)]
AfterVersion = Annotated[
    int, Query(ge=-1, le=2**31 - 1, description="the last version of the page before")
]
Row = TypeVar("Row")
Name = TypeVar("Name")


def next_before(found: Sequence[Row], limit: int, name_of: Callable[[Row], Name]) -> Name | None:
    """The name of the last on a full page, for the next page; None when there is nothing more."""
    return name_of(found[-1]) if len(found) == limit else None
