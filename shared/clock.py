"""The only reader of the clock. Everything else is told the time."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def unix_milliseconds() -> int:
    """Milliseconds since 1970, for time-ordered identifiers."""
    return time.time_ns() // 1_000_000


def unix_seconds() -> int:
    """Seconds since 1970, for the timestamps of tokens and signatures."""
    return time.time_ns() // 1_000_000_000


def monotonic_seconds() -> float:
    """A clock that never goes back, for measuring how long something took."""
    return time.monotonic()


async def sleep_unless(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but wake up at once when `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
