"""Cursors: where the next page begins, opaque to callers."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Limit = Annotated[int, Query(ge=1, le=100, description="how many a page", examples=[20])]
InboxCursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9a-f]{1,13}-[0-9a-f]{32}$",
        description="`next_cursor` of the page before; leave it out for the first",
        examples=["64caa8ee3d000-0199f3a2c1d07b7e8d3c0a1b2c3d4e5f"],
    ),
]


def write_cursor(at: datetime, message_id: UUID) -> str:
    """The place of a message in its inbox."""
    return f"{(at - _EPOCH) // _MICROSECOND:x}-{message_id.hex}"


def read_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The place that a cursor of the documented pattern names."""
    if cursor is None:
        return None
    microseconds, message_id = cursor.split("-")
    return _EPOCH + int(microseconds, 16) * _MICROSECOND, UUID(message_id)
