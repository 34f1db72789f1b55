"""Waiting for a condition, and running a coroutine from code that is not asynchronous."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def wait_until(
    condition: Callable[[], bool], timeout_seconds: float, poll_seconds: float = 0.05
) -> bool:
    """Ask again and again until the condition holds; False if it does not within the time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll_seconds)
    return True


def run_apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in a thread with a loop of its own.

    Works whether or not the caller already runs inside an event loop (which it then blocks).
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()
