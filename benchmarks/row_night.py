"""A million lots end in one night run, beside hand-written SQL that does the same, and what members
who spend meanwhile feel of it."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.cpu import CpuMeter
from benchmarks.engines import run_sql
from benchmarks.measures import Figure, Measured, Trial, best_of
from benchmarks.old_points import DUE, LOTS_EACH, NOW, PROGRAM_ID, seed
from benchmarks.run import Run
from benchmarks.town import DEPLOYMENT_KEY
from services.points.domain.ledger.ledger import REDEMPTION, Cause
from services.points.jobs import jobs
from services.points.settings import PointsSettings
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from shared.db import create_engine, transaction
from shared.ids import new_id
from shared.schedule import work_off

BARS = (0.5, 0.8)
UNIT = "lots/s"
CONNECTIONS = (1, 2)
BY_HAND_ACCOUNTS = 1_000
SPENDERS = 4
SPEND_EVERY_SECONDS = 0.02
CALM_SECONDS = 5.0
Work = Callable[[str], Coroutine[Any, Any, Trial]]

# Lock, take, post, tell, move, empty: what nothing that does the same can leave out.
_BY_HAND = (
    "SELECT FROM account WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) "
    "ORDER BY account_id FOR UPDATE",
    "INSERT INTO lot_take (program_id, account_id, version, lot_version, points) "
    "SELECT $1, a.account_id, a.version + 1, l.version, l.remaining "
    "FROM account a JOIN lot l USING (program_id, account_id) WHERE a.program_id = $1 "
    "AND a.account_id = ANY ($2::uuid[]) AND l.remaining > 0 AND l.expires_at <= $3",
    "INSERT INTO posting (program_id, account_id, version, points, balance_after, kind, "
    "counter_account, source_kind, source_id, recorded_at, reason) "
    "SELECT $1, a.account_id, a.version + 1, -sum(l.remaining), a.balance - sum(l.remaining), "
    "'expire', 'expiry', 'expiry', gen_random_uuid(), $3, '{\"rule\":\"expired\"}' "
    "FROM account a JOIN lot l USING (program_id, account_id) WHERE a.program_id = $1 "
    "AND a.account_id = ANY ($2::uuid[]) AND l.remaining > 0 AND l.expires_at <= $3 "
    "GROUP BY a.account_id, a.version, a.balance",
    "INSERT INTO outbox (program_id, event_id, type, topic, key, data, occurred_at, "
    "correlation_id, traceparent) SELECT $1, gen_random_uuid(), 'points.posted.v1', "
    "'points.ledger', p.account_id::text, json_build_object('program_id', p.program_id, "
    "'account_id', p.account_id, 'member_id', p.account_id, 'wallet', 'points', 'version', "
    "p.version, 'kind', p.kind, 'counter_account', p.counter_account, 'points', p.points, "
    "'balance_after', p.balance_after, 'source_kind', p.source_kind, 'source_id', p.source_id, "
    "'recorded_at', p.recorded_at)::text, $3, '', '' "
    "FROM account a JOIN posting p ON (p.program_id, p.account_id, p.version) "
    "= (a.program_id, a.account_id, a.version + 1) "
    "WHERE a.program_id = $1 AND a.account_id = ANY ($2::uuid[])",
    "UPDATE account a SET version = p.version, balance = p.balance_after FROM posting p "
    "WHERE a.program_id = $1 AND a.account_id = ANY ($2::uuid[]) "
    "AND (p.program_id, p.account_id, p.version) = (a.program_id, a.account_id, a.version + 1)",
    "UPDATE lot SET remaining = 0 WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) "
    "AND remaining > 0 AND expires_at <= $3",
)
_CHOOSE = (
    "SELECT array_agg(account_id ORDER BY account_id) AS ids FROM (SELECT account_id, "
    "row_number() OVER (ORDER BY account_id) AS n FROM (SELECT DISTINCT account_id FROM lot "
    "WHERE program_id = $1 AND remaining > 0 AND expires_at <= $2) d) x GROUP BY (n - 1) / $3"
)


def measure(run: Run) -> list[Figure]:
    """Ours and the ceiling's take turns, each on a fresh copy of the same database."""
    accounts = run.sizes.night_lots // LOTS_EACH
    run.say(f"filling points with {run.sizes.night_lots:,} lots that end in one night")
    full = run.engines.create_service_database("points", "night_full")
    run_sql(full, seed(accounts), "VACUUM ANALYZE")
    groups = {"PostgreSQL": [run.engines.postgres.pid]}
    ours: list[Trial] = []
    ceilings: dict[int, list[Trial]] = {n: [] for n in CONNECTIONS}
    for _ in range(run.sizes.trials):
        ours.append(_on_a_copy(run, lambda url: _night(url, accounts, groups)))
        for n, trials in ceilings.items():
            trials.append(_on_a_copy(run, _by_hand_with(n, accounts, groups)))
        told = ", ".join(f"{n}: {t[-1].per_second:,.0f}/s" for n, t in ceilings.items())
        run.say(f"  night {ours[-1].per_second:,.0f}/s; by hand {told}")
    calm = _on_a_copy(run, _spend_in_the_day)
    busy = _on_a_copy(run, _spend_in_the_night)
    return [_figure(run, ours, ceilings, calm, busy)]


def _on_a_copy(run: Run, work: Work) -> Trial:
    url = run.engines.create_database("night_copy", "night_full")
    try:
        run.engines.settle()
        return run.runner.run(work(url))
    finally:
        run_sql(run.engines.postgres.url, 'DROP DATABASE "night_copy" WITH (FORCE)')


def _figure(
    run: Run, ours: list[Trial], ceilings: dict[int, list[Trial]], calm: Trial, busy: Trial
) -> Figure:
    ours_by, chunk = _settings().night_workers, _settings().night_chunk_accounts
    by_hand = [
        Measured(f"hand-written SQL, {n} connection{'s' * (n > 1)}", UNIT, trials)
        for n, trials in ceilings.items()
    ]
    return Figure(
        row=10,
        name=f"{run.sizes.night_lots:,} lots end in one night",
        measured=Measured(f"the nightly run, one process, {ours_by} connections", UNIT, ours),
        ceiling=best_of(by_hand),
        hold=BARS[0],
        reach=BARS[1],
        notes=(
            f"{LOTS_EACH} lots an account; {chunk} accounts a transaction, by hand "
            f"{BY_HAND_ACCOUNTS:,}; the night with all of its steps, by one process with "
            f"{ours_by} connections, as it does unless told otherwise",
            f"members who spend, {SPENDERS / SPEND_EVERY_SECONDS:,.0f}/s asked for: without the "
            f"night p50 {calm.p50_ms:,.1f} and p99 {calm.p99_ms:,.1f} ms, while it runs p50 "
            f"{busy.p50_ms:,.1f} and p99 {busy.p99_ms:,.1f} ms",
        ),
        others=by_hand,
    )


async def _night(url: str, accounts: int, groups: dict[str, list[int]]) -> Trial:
    settings = _settings(url)
    engine = create_engine(url, settings.database_pool_size)
    meter, cpu = CpuMeter(groups), time.process_time()
    start = time.perf_counter()
    await _work(engine, settings)
    seconds = time.perf_counter() - start
    used = {**meter.used_seconds(), "job": time.process_time() - cpu}
    await engine.dispose()
    await _check(url, accounts)
    return _trial(accounts, seconds, used)


async def _work(engine: AsyncEngine, settings: PointsSettings) -> None:
    """The night as a process with the jobs role works it, with the settings that it has unless
    told others."""
    by_name = {job.name: job for job in jobs(settings)}
    for name in ("begin_nights", "run_night"):
        await work_off(engine, by_name[name], lambda: NOW, asyncio.Event())


def _settings(url: str = "postgresql://nowhere") -> PointsSettings:
    return PointsSettings(
        database_url=url,
        kafka_bootstrap_servers="127.0.0.1:1",
        deployment_key=SecretStr(DEPLOYMENT_KEY),
        jwks_url="http://127.0.0.1:1/jwks",
    )


def _by_hand_with(connections: int, accounts: int, groups: dict[str, list[int]]) -> Work:
    return lambda url: _by_hand(url, accounts, connections, groups)


async def _by_hand(
    url: str, accounts: int, connections: int, groups: dict[str, list[int]]
) -> Trial:
    opened = [await asyncpg.connect(url, command_timeout=600) for _ in range(connections)]
    meter, cpu = CpuMeter(groups), time.process_time()
    start = time.perf_counter()
    chunks = await opened[0].fetch(_CHOOSE, PROGRAM_ID, DUE, BY_HAND_ACCOUNTS)
    left = iter(chunks)

    async def work(connection: Any) -> None:
        for (ids,) in left:
            async with connection.transaction():
                await connection.execute(_BY_HAND[0], PROGRAM_ID, ids)
                for statement in _BY_HAND[1:]:
                    args = (PROGRAM_ID, ids, DUE) if "$3" in statement else (PROGRAM_ID, ids)
                    await connection.execute(statement, *args)

    await asyncio.gather(*map(work, opened))
    seconds = time.perf_counter() - start
    used = {**meter.used_seconds(), "client": time.process_time() - cpu}
    for connection in opened:
        await connection.close()
    await _check(url, accounts)
    return _trial(accounts, seconds, used)


def _trial(accounts: int, seconds: float, used: dict[str, float]) -> Trial:
    lots = accounts * LOTS_EACH
    return Trial(lots, seconds, cpu_us={name: spent / lots * 1e6 for name, spent in used.items()})


async def _check(url: str, accounts: int) -> None:
    """Both must have done the same: all that ended is gone, and nothing else."""
    connection = await asyncpg.connect(url, command_timeout=600)
    row = await connection.fetchrow(
        "SELECT (SELECT sum(balance) FROM account), (SELECT sum(remaining) FROM lot), "
        "(SELECT count(*) FROM posting WHERE kind = 'expire'), (SELECT count(*) FROM outbox), "
        "(SELECT count(*) FROM lot_take)"
    )
    await connection.close()
    wanted = (accounts * 7, accounts * 7, accounts, accounts, accounts * LOTS_EACH)
    if tuple(row) != wanted:
        raise RuntimeError(f"{tuple(row)} instead of {wanted}")


async def _spend_in_the_day(url: str) -> Trial:
    return await _spend_until(url, asyncio.create_task(asyncio.sleep(CALM_SECONDS)))


async def _spend_in_the_night(url: str) -> Trial:
    settings = _settings(url)
    engine = create_engine(url, settings.database_pool_size)
    found = await _spend_until(url, asyncio.create_task(_work(engine, settings)))
    await engine.dispose()
    return found


async def _spend_until(url: str, ends: "asyncio.Task[None]") -> Trial:
    """Members spend a point of the lot that lasts, at a steady pace, until the task ends."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT account_id FROM account ORDER BY md5(account_id::text)")
    await connection.close()
    left = iter([row["account_id"] for row in rows])
    engine = create_engine(url, SPENDERS)
    waits_ms: list[float] = []

    async def spend(member_id: UUID) -> None:
        began = time.perf_counter()
        async with transaction(engine) as session:
            accounts = await lock_accounts(session, PROGRAM_ID, {member_id})
            await load_lots(session, PROGRAM_ID, accounts)
            write = Write()
            cause = Cause("redeem", REDEMPTION, "redemption", new_id(), '{"rule":"bench"}')
            write.books.spend(accounts[member_id], 1, cause, NOW)
            await write_books(session, PROGRAM_ID, NOW, write)
        waits_ms.append((time.perf_counter() - began) * 1e3)

    async def spender() -> None:
        while not ends.done():
            await spend(next(left))
            await asyncio.sleep(SPEND_EVERY_SECONDS)

    start = time.perf_counter()
    await asyncio.gather(ends, *(spender() for _ in range(SPENDERS)))
    seconds = time.perf_counter() - start
    await engine.dispose()
    waits_ms.sort()
    return Trial(len(waits_ms), seconds, _at(waits_ms, 50), _at(waits_ms, 99))


def _at(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
