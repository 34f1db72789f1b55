"""Several steps of a start at the same time."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor


def together(steps: Mapping[str, Callable[[], None]]) -> None:
    """Run all steps at once; when all have ended, raise the first one's error, if any has one."""
    with ThreadPoolExecutor(max(1, len(steps))) as pool:
        running = [pool.submit(step) for step in steps.values()]
    for future in running:
        future.result()
