"""Row 2: single signed receipts at 32 and at 128 clients, beside pgbench's TPC-B."""

from benchmarks.engines import run_sql
from benchmarks.measures import Figure, Measured, Trial
from benchmarks.pgbench import CLIENTS, SCALE, prepare_pgbench, run_pgbench
from benchmarks.run import Run
from benchmarks.servers import Server, play

BARS = {32: (0.65, 1.0), 128: (0.9, 1.5)}
UNIT = "requests/s"


def measure(run: Run) -> list[Figure]:
    """One API process; its trials and pgbench's take turns."""
    ours: dict[int, list[Trial]] = {clients: [] for clients in BARS}
    ceiling: list[Trial] = []
    url = run.points_database("singles")
    bench_url = prepare_pgbench(run.engines)
    with run.open_service("points", url, "api") as server:
        for number in range(run.sizes.trials + 1):
            requests = run.sizes.singles if number else run.sizes.singles_warm
            for clients, trials in ours.items():
                trials.append(_singles(run, server, requests, clients))
            run.engines.settle()
            ceiling.append(run_pgbench(run.engines, bench_url, run.sizes.pgbench_seconds))
            told = ", ".join(f"{n}: {t[-1].per_second:,.0f}/s" for n, t in ours.items())
            run.say(f"  clients {told}; pgbench {ceiling[-1].per_second:,.0f}/s")
            if number == 0:
                run_sql(url, "ANALYZE")
    name = f"pgbench TPC-B, {CLIENTS} clients, -M prepared, scale {SCALE}"
    by_hand = Measured(name, "transactions/s", ceiling[1:])
    return [
        Figure(
            row=2,
            name=f"Single receipts, {clients} clients",
            measured=Measured("one API process", UNIT, ours[clients][1:]),
            ceiling=by_hand,
            hold=hold,
            reach=reach,
            notes=("pgbench tells its average latency, shown as p50",),
        )
        for clients, (hold, reach) in BARS.items()
    ]


def _singles(run: Run, server: Server, number: int, clients: int) -> Trial:
    requests = run.town.single_requests(number)
    run.engines.settle()
    return play(
        run.engines.folder,
        [server],
        requests,
        clients,
        status=201,
        meter_groups={"API": [server.pid], "PostgreSQL": [run.engines.postgres.pid]},
    )
