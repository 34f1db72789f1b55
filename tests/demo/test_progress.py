"""The line that says how far the replay is."""

import io
from dataclasses import dataclass

from demo.progress import Progress, Ticker, render
from tests.demo.samples import MORNING


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


@dataclass
class Clock:
    """A clock that shows what it is set to."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_line_tells_share_day_rate_and_refusals() -> None:
    line = render(250, 1_000, 10.0, MORNING, 3)
    assert "25%" in line
    assert "250 of 1,000" in line
    assert "06 Mar" in line
    assert "25/s" in line
    assert "3 refused" in line
    assert "about 30 s left" in line


def test_nothing_to_do_is_done() -> None:
    assert "100%" in render(0, 0, 0.0, MORNING, 0)


def test_a_terminal_sees_one_line_and_a_file_few() -> None:
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        clock = Clock()
        progress = Progress(10, out, clock)
        for done in range(1, 6):
            clock.seconds += 3.0
            progress.show(done, MORNING, 0)
        progress.end(10, MORNING, 0)
    assert (terminal.getvalue().count("\r"), terminal.getvalue().count("\n")) == (6, 1)
    assert file.getvalue().count("\n") == 2
    assert "10 of 10" in file.getvalue().splitlines()[-1]


def test_waiting_is_told_now_and_then() -> None:
    said: list[str] = []
    ticker = Ticker(said.append, clock=lambda: 100.0)
    for line in ("first", "at once after"):
        ticker.tell(line)
    assert said == ["first"]
