"""The clock, and sleeping under it."""

import asyncio
from datetime import UTC, timedelta

from shared.clock import (
    monotonic_seconds,
    sleep_unless,
    unix_milliseconds,
    unix_seconds,
    utc_now,
)


def test_all_readings_tell_the_same_time() -> None:
    now = utc_now()
    assert now.tzinfo is UTC
    assert timedelta(0) <= utc_now() - now < timedelta(seconds=60)
    assert abs(unix_seconds() - now.timestamp()) < 60
    assert abs(unix_milliseconds() / 1_000 - now.timestamp()) < 60


async def test_a_sleep_ends_when_asked_to_stop_and_by_itself() -> None:
    stop = asyncio.Event()
    await sleep_unless(stop, 0.001)
    asyncio.get_running_loop().call_soon(stop.set)
    started = monotonic_seconds()
    await sleep_unless(stop, 3_600)
    assert monotonic_seconds() - started < 60
