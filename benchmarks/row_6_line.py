"""Row 6: the whole line. From a till's batch to the last message row, on the local stack."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx

from benchmarks.campaign_mix import NUMBER, publish_campaigns
from benchmarks.cpu import CpuMeter
from benchmarks.engines import with_connection
from benchmarks.lag import Lag
from benchmarks.local_stack import Stack, open_stack
from benchmarks.measures import Figure, Measured, Trial
from benchmarks.posting_ceiling import BATCH
from benchmarks.row_1_batches import UNIT, measured_intake
from benchmarks.run import Run
from benchmarks.servers import Server, play
from benchmarks.town import CATEGORIES, Town
from demo.tables import categories
from deploy.local.seed_data import TILL_IDS
from services.campaigns.consumer import HANDLERS as CAMPAIGNS
from services.membership.consumer import HANDLERS as MEMBERSHIP
from services.notifications.consumer import HANDLERS as NOTIFICATIONS
from services.points.consumer import HANDLERS as POINTS
from shared.clock import utc_now

IN_FLIGHT = 4
# The stack's tiers are for baskets of a few hundred; dearer ones would lift everybody at once.
LINE_MINOR_MAX = 6_000
QUIET_SECONDS_MAX = 600.0
POLL_SECONDS = 0.1
GROUPS = {
    name: {event.TOPIC for event in handlers}
    for name, handlers in (
        ("membership", MEMBERSHIP),
        ("points", POINTS),
        ("campaigns", CAMPAIGNS),
        ("notifications", NOTIFICATIONS),
    )
}
_MESSAGES = "SELECT count(*) FROM message"


def measure(run: Run) -> list[Figure]:
    """Each trial begins when nothing is on its way and ends when that is so again."""
    alone = measured_intake(run)[0].measured
    trials: list[Trial] = []
    with open_stack(run) as stack:
        town = _open_town(run, stack)
        before = _messages(stack)
        for _ in range(run.sizes.trials + 1):
            trials.append(_trial(run, stack, town))
            run.say(f"  {trials[-1].per_second:,.0f}/s, drain {trials[-1].drain_seconds:.1f} s")
        messages = _messages(stack) - before
    told = sum(trial.units for trial in trials)
    name = f"POS batch intake alone ({alone.name})"
    return [
        Figure(
            row=6,
            name="Whole line, until the last message row",
            measured=Measured("the stack of make up", UNIT, trials[1:]),
            ceiling=replace(alone, name=name),
            hold=0.25,
            reach=0.4,
            notes=(
                f"{len(town.member_ids):,} members, {NUMBER} live campaigns, "
                f"{messages / told:.2f} messages a receipt; drained when no outbox holds an "
                "unpublished row and no consumer is behind",
            ),
        )
    ]


def _open_town(run: Run, stack: Stack) -> Town:
    """Members enrolled by import, campaigns published, everything heard by everybody."""
    member_ids = _enrol(stack, run.sizes.line_members)
    codes = tuple(category.code for category in categories())[: len(CATEGORIES)]
    publish_campaigns(stack.url("campaigns"), stack.staff_token, codes, LINE_MINOR_MAX)
    asyncio.run(_until_quiet(stack))
    till = stack.told["credentials"]["till"]
    return Town(
        members=len(member_ids),
        program_id=UUID(stack.told["program_id"]),
        member_ids=member_ids,
        shop_ids=[UUID(till["shop_id"])],
        categories=codes,
        line_minor_max=LINE_MINOR_MAX,
        tills_each=len(TILL_IDS),
        till_secret=till["secret"],
    )


def _enrol(stack: Stack, number: int) -> list[UUID]:
    joined = (utc_now() - timedelta(days=300)).isoformat()
    found: list[UUID] = []
    headers = {"Authorization": f"Bearer {stack.staff_token}"}
    with httpx.Client(
        base_url=stack.url("membership"), headers=headers, timeout=60, trust_env=False
    ) as client:
        for start in range(0, number, BATCH):
            items = [
                {"channel": "import", "phone": f"138{one:08}", "enrolled_at": joined}
                for one in range(start, min(start + BATCH, number))
            ]
            answer = client.post("/v1/members/batch", json={"items": items})
            answer.raise_for_status()
            found += [UUID(item["member"]["member_id"]) for item in answer.json()["items"]]
    return found


def _trial(run: Run, stack: Stack, town: Town) -> Trial:
    requests = town.batch_requests(run.sizes.line_batches, BATCH)
    port = urlsplit(stack.url("points")).port
    assert port is not None
    stack.settle()
    meter = CpuMeter({name: [pid] for name, pid in stack.pids.items()})
    accepted = play(
        run.engines.folder,
        [Server(stack.pids["points"], port)],
        requests,
        IN_FLIGHT,
        status=200,
        units_each=BATCH,
        mark='"result":"accepted"',
        meter_groups={},
    )
    drain_start = time.perf_counter()
    drain_seconds = asyncio.run(_until_quiet(stack)) - drain_start
    used = {name: spent / accepted.units * 1e6 for name, spent in meter.used_seconds().items()}
    return replace(
        accepted,
        seconds=accepted.seconds + drain_seconds,
        accept_seconds=accepted.seconds,
        drain_seconds=drain_seconds,
        cpu_us={**used, **accepted.cpu_us},
    )


async def _until_quiet(stack: Stack) -> float:
    """Until, twice in a row, all news is told, all that was told is worked, and nothing is new.

    Returns the `perf_counter` of the first of the two looks: the second only confirms it.
    """
    async with AsyncExitStack() as opened, asyncio.timeout(QUIET_SECONDS_MAX):
        lag = await opened.enter_async_context(
            Lag(stack.told["kafka"]["bootstrap_servers"], GROUPS)
        )
        connections = []
        for url in stack.told["databases"].values():
            connections.append(await asyncpg.connect(url))
            opened.push_async_callback(connections[-1].close)
        quiet_at, seen_at = -1, 0.0
        while True:
            behind, sent = await lag.read()
            waiting = [
                await connection.fetchval(
                    "SELECT EXISTS (SELECT 1 FROM outbox_batch WHERE published_at IS NULL)"
                )
                for connection in connections
            ]
            is_quiet = not behind and not any(waiting)
            if is_quiet and quiet_at == sent:
                return seen_at
            quiet_at, seen_at = (sent if is_quiet else -1), time.perf_counter()
            await asyncio.sleep(POLL_SECONDS)


def _messages(stack: Stack) -> int:
    url = stack.told["databases"]["notifications"]
    return int(with_connection(url, lambda connection: connection.fetchval(_MESSAGES)))
