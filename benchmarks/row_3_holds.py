"""Row 3: a till sets points aside and spends them, 32 clients, beside pgbench's TPC-B."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from benchmarks.engines import run_sql
from benchmarks.measures import Figure, Measured, Trial
from benchmarks.pgbench import CLIENTS, SCALE, prepare_pgbench, run_pgbench
from benchmarks.run import Run
from benchmarks.servers import Server, play
from benchmarks.town import Town, hear
from services.points.consumer import HANDLERS
from services.points.storage.spending.hold_requests import HoldTask, MakeHold
from shared.clock import utc_now
from shared.contracts.campaigns import RewardGranted
from shared.contracts.event import Event
from shared.ids import new_id

PAYERS = 20_000
# Holds under way between a hold and its capture: more than clients, so that it was answered.
AHEAD = 8 * CLIENTS
PROCESSES = {1: "one API process", 2: "two API processes"}
UNIT = "pairs/s"


def measure(run: Run) -> list[Figure]:
    """With one and with two API processes; trials of ours and pgbench's take turns."""
    url = run.points_database("holds")
    hear(url, HANDLERS, _given(run.town))
    run_sql(url, "VACUUM ANALYZE")
    ours: dict[int, list[Trial]] = {n: [] for n in PROCESSES}
    ceiling: list[Trial] = []
    bench_url = prepare_pgbench(run.engines, 3)
    with ExitStack() as stack:
        servers = {
            n: [stack.enter_context(run.open_service("points", url, "api")) for _ in range(n)]
            for n in PROCESSES
        }
        for number in range(run.sizes.trials + 1):
            pairs = run.sizes.hold_pairs if number else run.sizes.hold_pairs_warm
            for n, trials in ours.items():
                trials.append(_pairs(run, servers[n], pairs))
            run.engines.settle()
            ceiling.append(run_pgbench(run.engines, bench_url, run.sizes.pgbench_seconds))
            told = ", ".join(f"{n}: {t[-1].per_second:,.0f}/s" for n, t in ours.items())
            run.say(f"  pairs by processes {told}; pgbench {ceiling[-1].per_second:,.0f}/s")
            if number == 0:
                run_sql(url, "ANALYZE")
    name = f"pgbench TPC-B, {CLIENTS} clients, -M prepared, scale {SCALE}"
    by_hand = Measured(name, "transactions/s", ceiling[1:])
    return [
        Figure(
            row=3,
            name=f"Hold and capture of points, {CLIENTS} clients, {PROCESSES[n]}",
            measured=Measured(PROCESSES[n], UNIT, trials[1:]),
            ceiling=by_hand,
            hold=0.4,
            reach=0.8,
            notes=(
                "a pair is two signed requests; p50 and p99 are of one request",
                "pgbench tells its average latency, shown as p50",
            ),
        )
        for n, trials in ours.items()
    ]


def _given(town: Town) -> Iterator[list[Event]]:
    """Points for those who pay, as a campaign would have granted them."""
    for start in range(0, min(PAYERS, len(town.member_ids)), 2_000):
        yield [
            RewardGranted(
                program_id=town.program_id,
                grant_id=new_id(),
                member_id=member_id,
                campaign_id=town.mall_id,
                campaign_version=1,
                campaign_name="welcome",
                kind="points",
                points=1_000_000,
                granted_at=utc_now(),
                explanation={"en": "Welcome.", "zh-CN": "欢迎。"},
            )
            for member_id in town.member_ids[start : start + 2_000]
        ]


def _pairs(run: Run, servers: list[Server], number: int) -> Trial:
    requests = list(_requests(run.town, number))
    run.engines.settle()
    trial = play(
        run.engines.folder,
        servers,
        requests,
        CLIENTS,
        status=201,
        meter_groups={
            "API": [server.pid for server in servers],
            "PostgreSQL": [run.engines.postgres.pid],
        },
    )
    each_pair = {name: 2 * spent for name, spent in trial.cpu_us.items()}
    return replace(trial, units=trial.units // 2, cpu_us=each_pair)


def _requests(town: Town, number: int) -> Iterator[bytes]:
    """Holds, each followed by its capture when others have gone in between."""
    made: list[tuple[UUID, str, UUID, int]] = []
    for place in range(number + AHEAD):
        if place < number:
            shop_id, key = town.chance.choice(town.shop_ids), new_id().hex
            member_id = town.chance.choice(town.member_ids[:PAYERS])
            points = town.chance.randint(1, 50)
            asked = MakeHold(key, member_id, None, points, timedelta(), "R1")
            hold_id = HoldTask(town.program_id, shop_id, "T1", 1, asked).made_id
            assert hold_id is not None
            made.append((shop_id, key, hold_id, points))
            body = (
                f'{{"idempotency_key":"{key}","member_id":"{member_id}","points":{points},'
                '"reference":"R1"}'
            )
            yield town.signed(shop_id, "/v1/holds", body.encode())
        if place >= AHEAD:
            shop_id, key, hold_id, points = made[place - AHEAD]
            body = f'{{"idempotency_key":"{key}","hold_id":"{hold_id}","points":{points}}}'
            yield town.signed(shop_id, "/v1/hold-captures", body.encode())
