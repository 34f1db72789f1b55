"""Row 2: single signed receipts at 32 and at 128 clients, beside pgbench's TPC-B."""

from contextlib import ExitStack

from benchmarks.engines import run_sql
from benchmarks.full_policy import state_policy
from benchmarks.measures import Figure, Measured, Trial
from benchmarks.pgbench import CLIENTS, SCALE, prepare_pgbench, run_pgbench
from benchmarks.run import Run
from benchmarks.servers import Server, play

BARS = {32: (0.65, 1.0), 128: (0.9, 1.5)}
PROCESSES = {1: "one API process", 2: "two API processes"}
UNIT = "requests/s"
Case = tuple[int, int]  # processes, clients


def measure(run: Run) -> list[Figure]:
    """Under the policy that every programme begins with, and under one with every rule."""
    bench_url = prepare_pgbench(run.engines, 2)
    return [figure for rules in (False, True) for figure in _measure(run, rules, bench_url)]


def _measure(run: Run, has_every_rule: bool, bench_url: str) -> list[Figure]:
    """With one and with two API processes; trials of ours and pgbench's take turns."""
    ours: dict[Case, list[Trial]] = {(n, clients): [] for n in PROCESSES for clients in BARS}
    ceiling: list[Trial] = []
    also = ", every rule on" if has_every_rule else ""
    with ExitStack() as stack:
        kind = "ruled" if has_every_rule else "singles"
        urls = {n: run.points_database(f"{kind}_{n}") for n in PROCESSES}
        if has_every_rule:
            for url in urls.values():
                state_policy(url, run.town)
        servers = {
            n: [stack.enter_context(run.open_service("points", url, "api")) for _ in range(n)]
            for n, url in urls.items()
        }
        for number in range(run.sizes.trials + 1):
            requests = run.sizes.singles if number else run.sizes.singles_warm
            for (processes, clients), trials in ours.items():
                trials.append(_singles(run, servers[processes], requests, clients))
            run.engines.settle()
            ceiling.append(run_pgbench(run.engines, bench_url, run.sizes.pgbench_seconds))
            told = ", ".join(f"{case}: {t[-1].per_second:,.0f}/s" for case, t in ours.items())
            run.say(f"  (processes, clients) {told}; pgbench {ceiling[-1].per_second:,.0f}/s")
            if number == 0:
                for url in urls.values():
                    run_sql(url, "ANALYZE")
    name = f"pgbench TPC-B, {CLIENTS} clients, -M prepared, scale {SCALE}"
    by_hand = Measured(name, "transactions/s", ceiling[1:])
    return [
        Figure(
            row=2,
            name=f"Single receipts, {clients} clients, {PROCESSES[processes]}{also}",
            measured=Measured(PROCESSES[processes], UNIT, trials[1:]),
            ceiling=by_hand,
            hold=BARS[clients][0],
            reach=BARS[clients][1],
            notes=("pgbench tells its average latency, shown as p50",),
        )
        for (processes, clients), trials in ours.items()
    ]


def _singles(run: Run, servers: list[Server], number: int, clients: int) -> Trial:
    requests = run.town.single_requests(number)
    run.engines.settle()
    return play(
        run.engines.folder,
        servers,
        requests,
        clients,
        status=201,
        meter_groups={
            "API": [server.pid for server in servers],
            "PostgreSQL": [run.engines.postgres.pid],
        },
    )
