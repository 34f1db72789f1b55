"""Lists in pages: an opaque cursor says where the next page begins."""

import base64
from typing import Annotated

from fastapi import Query

from services.membership.domain.errors import CursorInvalid

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=400,
        pattern=r"^[A-Za-z0-9_-]*$",
        description="`next` of the page before; leave out for the first page.",
    ),
]


def next_cursor(last: str | None) -> str | None:
    """The cursor after a full page that ends with `last`; None when there is no more."""
    if last is None:
        return None
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def after(cursor: str | None) -> str:
    """Where the page begins: after this code. Raises `CursorInvalid`."""
    if not cursor:
        return ""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError as error:
        raise CursorInvalid("Use `next` of the page before.") from error
    if "\x00" in place:
        raise CursorInvalid("Use `next` of the page before.")
    return place
