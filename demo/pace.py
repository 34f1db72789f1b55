"""How fast the year goes by: as fast as it is taken, or N times as fast as it was."""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

FULL_SPEED_WINDOW = timedelta(days=14)
SHORTEST_WINDOW = timedelta(minutes=1)


def speed_from(text: str) -> float:
    """`3600`, `3600x` or `3600×`. Raises what argparse shows when it is no speed."""
    try:
        speed = float(text.rstrip("x×"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of times, such as 86400x")
    return speed


def window_length(speed: float | None) -> timedelta:
    """What goes out at once: what happens in a second at this speed, a minute to two weeks."""
    if speed is None:
        return FULL_SPEED_WINDOW
    return min(max(timedelta(seconds=speed), SHORTEST_WINDOW), FULL_SPEED_WINDOW)


@dataclass(frozen=True, slots=True)
class Pace:
    """The replay's clock: `starts_wall` is shown at `began`, and then it runs `speed` times."""

    speed: float | None
    starts_wall: datetime
    began: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def wait_for(self, wall: datetime) -> None:
        """Until the replay's clock shows this wall time; at full speed not at all."""
        if self.speed is not None:
            due = self.began + (wall - self.starts_wall).total_seconds() / self.speed
            self.sleep(max(0.0, due - self.clock()))
