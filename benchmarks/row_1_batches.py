"""Row 1: receipts in signed batches of 1,000, with one and with two API processes.

Under the policy that every programme begins with, and under one with every rule."""

from contextlib import ExitStack

from benchmarks.engines import run_sql, with_connection
from benchmarks.full_policy import state_policy
from benchmarks.measures import Figure, Measured, Trial, best_of
from benchmarks.posting_ceiling import BATCH, Columns, Poster, Posting, read_batches, read_columns
from benchmarks.run import Run
from benchmarks.servers import Server, play
from benchmarks.town import Town

IN_FLIGHT = {1: 4, 2: 8}
CONNECTIONS = (1, 2, 4)
BARS = {1: (0.5, 0.65), 2: (0.55, 0.75)}
UNIT = "receipts/s"


def measure(run: Run) -> list[Figure]:
    """Under the policy that every programme begins with, and under one with every rule."""
    run.intake = [figure for rules in (False, True) for figure in _measure(run, rules)]
    return run.intake


def _measure(run: Run, has_every_rule: bool) -> list[Figure]:
    """Trials of ours and of the ceiling take turns, so that a noisy minute hits them alike."""
    ours: dict[int, list[Trial]] = {n: [] for n in BARS}
    ceilings: dict[int, list[Trial]] = {n: [] for n in CONNECTIONS}
    name = "rules" if has_every_rule else "intake"
    with ExitStack() as stack:
        urls = {n: run.points_database(f"{name}_{n}") for n in ours}
        if has_every_rule:
            for url in urls.values():
                state_policy(url, run.town)
        servers = {n: _open_servers(run, stack, urls[n], n) for n in ours}
        columns = with_connection(urls[1], read_columns)
        posting = Posting(run.town.program_id, columns, has_every_rule=has_every_rule)
        copies = {n: run.points_database(f"{name}_by_hand_{n}") for n in ceilings}
        posters = {n: _open_poster(run, stack, copies[n], n, posting) for n in ceilings}
        done = 0
        for number in range(run.sizes.trials + 1):
            batches = run.sizes.batches if number else run.sizes.batches_warm
            for n in ours:
                ours[n].append(intake(run, servers[n], batches, IN_FLIGHT[n]))
            for n in ceilings:
                ceilings[n].append(_post(run, posters[n], urls[1], columns, done, batches))
            done += batches
            run.say(f"  {_told(ours, 'processes')}; by hand {_told(ceilings, 'connections')}")
            if number == 0:
                for url in (*urls.values(), *copies.values()):
                    run_sql(url, "ANALYZE")
    return _figures(ours, ceilings, ", every rule on" if has_every_rule else "")


def measured_intake(run: Run) -> list[Figure]:
    """This run's figures of row 1, which other rows are compared with."""
    return run.intake or measure(run)


def _open_servers(run: Run, stack: ExitStack, url: str, number: int) -> list[Server]:
    return [stack.enter_context(run.open_service("points", url, "api")) for _ in range(number)]


def _open_poster(
    run: Run, stack: ExitStack, url: str, connections: int, posting: Posting
) -> Poster:
    poster = Poster(run.runner, url, connections, posting)
    stack.callback(poster.close)
    return poster


def intake(
    run: Run, servers: list[Server], batches: int, in_flight: int, town: Town | None = None
) -> Trial:
    """Batches through the front door; every receipt must be accepted."""
    requests = (town or run.town).batch_requests(batches, BATCH)
    run.engines.settle()
    return play(
        run.engines.folder,
        servers,
        requests,
        in_flight,
        status=200,
        units_each=BATCH,
        mark='"result":"accepted"',
        meter_groups={
            "API": [server.pid for server in servers],
            "PostgreSQL": [run.engines.postgres.pid],
        },
    )


def _post(
    run: Run, poster: Poster, source: str, columns: Columns, skip: int, batches: int
) -> Trial:
    """By hand, what the service has written after its first `skip` batches."""
    rows = with_connection(
        source,
        lambda connection: read_batches(connection, columns, skip * BATCH, batches * BATCH),
    )
    run.engines.settle()
    return poster.post(rows, {"PostgreSQL": [run.engines.postgres.pid]})


def _told(taken: dict[int, list[Trial]], what: str) -> str:
    return f"{what} " + ", ".join(f"{n}: {t[-1].per_second:,.0f}/s" for n, t in taken.items())


def _figures(
    ours: dict[int, list[Trial]], ceilings: dict[int, list[Trial]], also: str
) -> list[Figure]:
    by_hand = [
        Measured(f"hand-written SQL, {n} connection{'s' * (n > 1)}{also}", UNIT, trials[1:])
        for n, trials in ceilings.items()
    ]
    return [
        Figure(
            row=1,
            name=f"POS batch intake, {n} API process{'es' * (n > 1)}{also}",
            measured=Measured(f"{IN_FLIGHT[n]} requests in flight", UNIT, ours[n][1:]),
            ceiling=best_of(by_hand),
            hold=hold,
            reach=reach,
            notes=("1,000 receipts a request; answered after COMMIT, so nothing is left to drain",),
            others=by_hand,
        )
        for n, (hold, reach) in BARS.items()
    ]
