"""Row 7: receipts in batches where there are a hundred times as many members.

The many are written straight into the database, with ids that are anywhere in the index; those
who shop are chosen among all of them.
"""

import random
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import UUID

from benchmarks.engines import run_sql, with_connection
from benchmarks.full_policy import state_policy
from benchmarks.measures import Figure, Measured, Trial
from benchmarks.row_1_batches import intake
from benchmarks.run import Run
from benchmarks.town import Town

IN_FLIGHT = 4
HOLD, REACH = 0.8, 0.95
UNIT = "receipts/s"
_CHUNK = 1_000_000


def measure(run: Run) -> list[Figure]:
    """Trials with few and with many members take turns."""
    few_url = run.points_database("growth_few")
    many_url = run.points_database("growth_many")
    for url in (few_url, many_url):
        state_policy(url, run.town)
    many = _grow(run, many_url)
    towns = {"few": (few_url, run.town), "many": (many_url, many)}
    trials: dict[str, list[Trial]] = {name: [] for name in towns}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(run.open_service("points", url, "api"))
            for name, (url, _) in towns.items()
        }
        for number in range(run.sizes.trials + 1):
            batches = run.sizes.batches if number else run.sizes.batches_warm
            for name, (_, town) in towns.items():
                trials[name].append(intake(run, [servers[name]], batches, IN_FLIGHT, town))
            told = ", ".join(f"{name}: {t[-1].per_second:,.0f}/s" for name, t in trials.items())
            run.say(f"  {told}")
    return [
        Figure(
            row=7,
            name=f"POS batch intake, {run.sizes.growth_members:,} members",
            measured=Measured("many members", UNIT, trials["many"][1:]),
            ceiling=Measured(f"{run.sizes.members:,} members", UNIT, trials["few"][1:]),
            hold=HOLD,
            reach=REACH,
            notes=(f"members that shop: {len(many.member_ids):,}, anywhere among all",),
        )
    ]


def _grow(run: Run, url: str) -> Town:
    missing = run.sizes.growth_members - run.sizes.members
    run.say(f"adding {missing:,} members")
    for start in range(0, missing, _CHUNK):
        _add_members(url, run.town.program_id, min(_CHUNK, missing - start))
    run_sql(url, "VACUUM ANALYZE account", "VACUUM ANALYZE member_tier")
    ids = with_connection(url, lambda c: _choose(c, run.town.program_id, run.sizes.members))
    return replace(run.town, member_ids=ids)


def _add_members(url: str, program_id: UUID, count: int) -> None:
    """Members with a tier, in the order of their ids: indexes are built page by page."""
    run_sql(
        url,
        f"""
        WITH made AS MATERIALIZED (
            SELECT gen_random_uuid() AS id FROM generate_series(1, {count}) ORDER BY 1
        ), opened AS (
            INSERT INTO account (program_id, account_id, member_id, status)
            SELECT '{program_id}', id, id, 'open' FROM made
        )
        INSERT INTO member_tier (program_id, member_id, since, tier)
        SELECT '{program_id}', id, now() - interval '300 days', 'basic' FROM made
        """,
    )


async def _choose(connection: Any, program_id: UUID, count: int) -> list[UUID]:
    """So many members out of about ten times as many that lie anywhere in the table."""
    rows = await connection.fetch(
        "SELECT account_id FROM account TABLESAMPLE BERNOULLI (least(100, 1000.0 * $2 / "
        "(SELECT greatest(reltuples, 1) FROM pg_class WHERE oid = 'account'::regclass))) "
        "WHERE program_id = $1",
        program_id,
        float(count),
    )
    ids = [UUID(int=row["account_id"].int) for row in rows]
    return random.Random(1).sample(ids, min(count, len(ids)))
