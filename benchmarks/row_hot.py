"""One member takes half of all receipts: how fast that goes, and what the others feel of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

from benchmarks.full_policy import state_policy
from benchmarks.measures import Figure, Measured, Trial
from benchmarks.run import Run
from benchmarks.servers import Server, play

CLIENTS = 16
UNIT = "requests/s"
RATE_MIN = 1_000
P99_RATIO_MAX = 2.0


def measure(run: Run) -> list[Figure]:
    """Two load generators at once: the second plays the others in both cases."""
    url = run.points_database("hot")
    state_policy(url, run.town)
    hot = replace(run.town, member_ids=run.town.member_ids[:1])
    trials: dict[str, list[tuple[Trial, Trial]]] = {"usual": [], "hot": []}
    with ExitStack() as stack:
        servers = [stack.enter_context(run.open_service("points", url, "api")) for _ in range(2)]
        for number in range(run.sizes.trials + 1):
            half = (run.sizes.singles if number else run.sizes.singles_warm) // 2
            for name, first in (("usual", run.town), ("hot", hot)):
                requests = (first.single_requests(half), run.town.single_requests(half))
                trials[name].append(_at_once(run, servers, requests))
            told = ", ".join(f"{n}: {t[-1][1].p99_ms:.0f} ms" for n, t in trials.items())
            run.say(f"  p99 of the others {told}")
    usual, with_hot = trials["usual"][1:], trials["hot"][1:]
    others = _p99(with_hot) / _p99(usual)
    ceiling = Measured("members at random", UNIT, [_both(t) for t in usual])
    rate = Measured("half of all receipts are one member's", UNIT, [_both(t) for t in with_hot])
    return [
        Figure(
            row=11,
            name="Single receipts, half of them one member's, two API processes",
            measured=rate,
            ceiling=ceiling,
            hold=round(RATE_MIN / ceiling.per_second, 2),
            reach=1.0,
            notes=(
                f"the bar is {RATE_MIN:,} receipts/s, told as a ratio",
                f"p99 of the others is {others:.2f} times its usual (bar: {P99_RATIO_MAX})",
            ),
        )
    ]


def _at_once(
    run: Run, servers: list[Server], halves: Sequence[Sequence[bytes]]
) -> tuple[Trial, Trial]:
    run.engines.settle()
    folders = [run.engines.folder / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        first, second = (
            pool.submit(play, folder, servers, requests, CLIENTS, status=201, meter_groups={})
            for folder, requests in zip(folders, halves, strict=True)
        )
        return first.result(), second.result()


def _both(pair: tuple[Trial, Trial]) -> Trial:
    first, second = pair
    return Trial(
        first.units + second.units,
        max(first.seconds, second.seconds),
        second.p50_ms,
        second.p99_ms,
    )


def _p99(pairs: Sequence[tuple[Trial, Trial]]) -> float:
    found = Measured("others", UNIT, [second for _, second in pairs]).median_of(lambda t: t.p99_ms)
    assert found is not None
    return found
