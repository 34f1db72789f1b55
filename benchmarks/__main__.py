"""`python -m benchmarks [--only 1,2] [--quick]`: measure, print, keep."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

import uvloop

from benchmarks import (
    row_1_batches,
    row_2_singles,
    row_3_holds,
    row_4_balances,
    row_5_scoring,
    row_6_line,
    row_7_growth,
    row_9_memory,
    row_hot,
    row_night,
)
from benchmarks.engines import open_engines
from benchmarks.measures import Figure, Memory
from benchmarks.report import keep, render
from benchmarks.run import QUICK, Run, Sizes

Measure = Callable[[Run], Sequence[Figure | Memory]]
ROWS: dict[int, Measure] = {
    1: row_1_batches.measure,
    2: row_2_singles.measure,
    3: row_3_holds.measure,
    4: row_4_balances.measure,
    5: row_5_scoring.measure,
    7: row_7_growth.measure,
    9: row_9_memory.measure,
    6: row_6_line.measure,
    10: row_night.measure,
    11: row_hot.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Returns 0 when everything was measured, whether or not the bars were held, and 1 when a row
    could not be: the others are measured, printed and kept all the same."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", help="rows, for example 1,2", default="")
    parser.add_argument("--quick", action="store_true", help="rough numbers, soon; not kept")
    given = parser.parse_args(arguments)
    wanted = [int(row) for row in given.only.split(",") if row] or list(ROWS)
    unknown = [row for row in wanted if row not in ROWS]
    if unknown:
        parser.error(f"no such row: {unknown}; there are {list(ROWS)}")
    # Asked to end, it ends like after an error: what it started is stopped, its folder deleted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    found: list[Figure | Memory] = []
    failed: list[int] = []
    with open_engines(say) as engines, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        run = Run(engines, QUICK if given.quick else Sizes(), say, runner)
        for row in wanted:
            say(f"row {row}")
            try:
                found += ROWS[row](run)
            except RuntimeError as error:
                failed.append(row)
                say(f"row {row} could not be measured: {error}")
        text = render(found, engines.settings(), quick=given.quick)
    print(text)
    if not given.quick:
        say(f"kept as {keep(found, text)}")
    if failed:
        say(f"not measured: {failed}")
    return 1 if failed else 0


def say(text: str) -> None:
    """Progress, apart from the result."""
    print(f"{datetime.now().astimezone():%H:%M:%S} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
