"""One line that says how far the replay is: bar, day, rate, errors."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

BAR_CELLS = 28
SECONDS_BETWEEN = 0.2
SECONDS_BETWEEN_LINES = 10.0  # where the output is no terminal: lines, and few of them


def render(done: int, total: int, seconds: float, day: datetime, refused: int) -> str:
    """The line; `day` is the data's, `refused` are receipts that were not taken."""
    share = min(1.0, done / total) if total else 1.0
    full = int(share * BAR_CELLS)
    bar = "█" * full + "·" * (BAR_CELLS - full)
    rate = done / seconds if seconds > 0 else 0.0
    left = (total - done) / rate if rate else 0.0
    return (
        f"{bar} {share:4.0%}  {done:,} of {total:,}  to {day:%d %b}  {rate:,.0f}/s  "
        f"{refused} refused  {seconds:.0f} s, about {max(0.0, left):.0f} s left"
    )


@dataclass(slots=True)
class Progress:
    """Draws over the same line on a terminal, prints a line now and then elsewhere."""

    total: int
    out: TextIO
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _drawn: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._drawn = self.clock()

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return self.clock() - self._began

    def show(self, done: int, day: datetime, refused: int) -> None:
        """So many are answered; drawn unless it was just drawn."""
        every = SECONDS_BETWEEN if self.out.isatty() else SECONDS_BETWEEN_LINES
        if self.clock() - self._drawn >= every:
            self._drawn = self.clock()
            self._draw(render(done, self.total, self.seconds, day, refused))

    def end(self, done: int, day: datetime, refused: int) -> None:
        """The last word stays."""
        self._draw(render(done, self.total, self.seconds, day, refused))
        if self.out.isatty():
            self.out.write("\n")

    def _draw(self, line: str) -> None:
        self.out.write(f"\r\x1b[2K{line}" if self.out.isatty() else f"{line}\n")
        self.out.flush()


@dataclass(slots=True)
class Ticker:
    """Passes on what is told every now and then, so that waiting does not fill the screen."""

    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _said: float = 0.0

    def tell(self, line: str) -> None:
        """Say it, unless something was said a moment ago."""
        if self.clock() - self._said >= SECONDS_BETWEEN_LINES:
            self._said = self.clock()
            self.say(line)
