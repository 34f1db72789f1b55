"""A clock that tests set by hand."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class HandClock:
    """Call it for the present instant; `advance` and `now` move it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> datetime:
        """Move on by `timedelta(**parts)`."""
        self.now += timedelta(**parts)
        return self.now
