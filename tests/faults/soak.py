"""How long the long fault tests may take: `make soak MINUTES=30` shares the minutes among them.

The night that is killed 200 times takes what it takes; each of the others does something in any
case, and does not begin anything new when its time is over.
"""

import os
import time

MINUTES_VARIABLE = "SOAK_MINUTES"
_SHARES = {"machine": 0.4, "kills": 0.5}


class Share:
    """A long test's share of the minutes; without a limit it is never over."""

    def __init__(self, name: str) -> None:
        minutes = os.environ.get(MINUTES_VARIABLE, "")
        self.seconds = float(minutes) * 60 * _SHARES[name] if minutes else None
        self.began = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether it is time to stop."""
        return self.seconds is not None and time.monotonic() - self.began > self.seconds
