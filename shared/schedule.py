"""Jobs: each run of each period happens once, whoever of the processes gets it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Column, DateTime, Integer, MetaData, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared import metrics
from shared.auth.revocations import forget_revocations
from shared.clock import Clock, sleep_unless
from shared.db import transaction
from shared.errors import Unavailable
from shared.ids import new_id
from shared.inbox import keep_inbox_partitions
from shared.logs import correlation_id, get_log
from shared.outbox import keep_outbox_partitions
from shared.settings import ServiceSettings

log = get_log()
Step = Callable[[AsyncSession, datetime], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Job:
    """`step(session, now)` is one transaction's worth and returns how much it did.

    A job of `every` period runs steps until one returns 0, then rests. With `once_a_period` the
    run is claimed in `scheduled_action`, so that of many processes one does it; without, the
    steps themselves take what nobody else holds (SKIP LOCKED), and a process may run several at
    once: `workers`, each with a connection of its own. A period begins `after` each multiple of
    `every`: of a day, so long after midnight UTC.
    """

    name: str
    every: timedelta
    step: Step
    once_a_period: bool = True
    workers: int = 1
    after: timedelta = timedelta(0)


def scheduled_action_table(metadata: MetaData) -> Table:
    """One row a run of a job: `(job, scheduled_for)` is unique, so a run happens once."""
    return Table(
        "scheduled_action",
        metadata,
        Column("job", Text, nullable=False),
        Column("scheduled_for", DateTime(timezone=True), nullable=False),
        Column("done_at", DateTime(timezone=True)),
        Column("done_count", Integer, nullable=False, server_default="0"),
        PrimaryKeyConstraint("job", "scheduled_for"),
    )


async def run_jobs(
    engine: AsyncEngine, jobs: Sequence[Job], clock: Clock, stop: asyncio.Event
) -> None:
    """Run every job at its period until `stop` is set."""
    async with asyncio.TaskGroup() as tasks:
        for job in jobs:
            tasks.create_task(_run_job(engine, job, clock, stop), name=f"job-{job.name}")


async def _run_job(engine: AsyncEngine, job: Job, clock: Clock, stop: asyncio.Event) -> None:
    while not stop.is_set():
        correlation_id.set(f"job-{new_id().hex}")
        try:
            await work_off(engine, job, clock, stop)
            metrics.JOB_RUNS.labels(job.name, "done").inc()
        except Unavailable as error:
            metrics.JOB_RUNS.labels(job.name, "unavailable").inc()
            log.warning("job_waits", job=job.name, error=repr(error))
        except Exception:
            # The next period tries again; the metric and the log call somebody.
            metrics.JOB_RUNS.labels(job.name, "failed").inc()
            log.exception("job_failed", job=job.name)
        await sleep_unless(stop, min(job.every.total_seconds(), 5.0))


async def work_off(engine: AsyncEngine, job: Job, clock: Clock, stop: asyncio.Event) -> None:
    """Run steps, `job.workers` at once, until none has anything to do or `stop` is set.

    A worker that finds nothing waits until another has done something: there may be more then.
    After a failure nobody begins a step; those that are at one end it, and the first is raised.
    """
    wanted = job.workers
    steps: set[asyncio.Task[int | Exception]] = set()
    failures: list[Exception] = []
    async with asyncio.TaskGroup() as tasks:
        while True:
            if not failures and not stop.is_set():
                while len(steps) < wanted:
                    steps.add(tasks.create_task(_attempt(engine, job, clock())))
            if not steps:
                break
            ended, steps = await asyncio.wait(steps, return_when=asyncio.FIRST_COMPLETED)
            results = [step.result() for step in ended]
            failures += [result for result in results if isinstance(result, Exception)]
            wanted = job.workers if any(results) else len(steps)
    for error in failures[1:]:
        log.warning("job_step_failed", job=job.name, error=repr(error))
    if failures:
        raise failures[0]


async def _attempt(engine: AsyncEngine, job: Job, now: datetime) -> int | Exception:
    try:
        return await run_step(engine, job, now)
    except Exception as error:
        return error


async def run_step(engine: AsyncEngine, job: Job, now: datetime) -> int:
    """One step of the job in one transaction. Returns what it did; 0 when nothing is due."""
    if not job.once_a_period:
        async with transaction(engine) as session:
            return await job.step(session, now)
    scheduled_for = period_start(now, job.every, job.after)
    # In a transaction of its own: others would wait for an insert, where a lock lets them skip.
    async with transaction(engine) as session:
        await _announce_run(session, job.name, scheduled_for)
    async with transaction(engine) as session:
        if not await _take(session, job.name, scheduled_for):
            return 0
        done = await job.step(session, now)
        await session.execute(
            text(
                "UPDATE scheduled_action SET done_count = done_count + :done, "
                "done_at = CASE WHEN CAST(:done AS integer) = 0 THEN CAST(:now AS timestamptz) END "
                "WHERE job = :job AND scheduled_for = :scheduled_for"
            ),
            {"done": done, "now": now, "job": job.name, "scheduled_for": scheduled_for},
        )
        return done


def period_start(now: datetime, every: timedelta, after: timedelta = timedelta(0)) -> datetime:
    """The latest instant, `after` a multiple of `every` since 1970, that is not after `now`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC) + after
    return epoch + (now - epoch) // every * every


async def _announce_run(session: AsyncSession, job: str, scheduled_for: datetime) -> None:
    await session.execute(
        text(
            "INSERT INTO scheduled_action (job, scheduled_for) VALUES (:job, :scheduled_for) "
            "ON CONFLICT DO NOTHING"
        ),
        {"job": job, "scheduled_for": scheduled_for},
    )


async def _take(session: AsyncSession, job: str, scheduled_for: datetime) -> bool:
    row = await session.scalar(
        text(
            "SELECT 1 FROM scheduled_action WHERE job = :job AND scheduled_for = :scheduled_for "
            "AND done_at IS NULL FOR UPDATE SKIP LOCKED"
        ),
        {"job": job, "scheduled_for": scheduled_for},
    )
    return row is not None


async def forget_old_runs(session: AsyncSession, before: datetime) -> None:
    """Drop the record of runs of periods before `before`."""
    await session.execute(
        text("DELETE FROM scheduled_action WHERE scheduled_for < :before"), {"before": before}
    )


def frame_jobs(
    settings: ServiceSettings, invariants: Callable[[AsyncSession], Awaitable[Mapping[str, int]]]
) -> Sequence[Job]:
    """Upkeep of what the frame itself keeps, and the look at the books, once a day at an hour when
    the malls are closed."""
    inbox_kept = timedelta(days=settings.inbox_retention_days)

    async def keep_outbox(session: AsyncSession, now: datetime) -> int:
        await keep_outbox_partitions(session, now, settings.outbox_retention)
        return 0

    async def keep_inbox(session: AsyncSession, now: datetime) -> int:
        await keep_inbox_partitions(session, now, inbox_kept)
        return 0

    async def forget_runs(session: AsyncSession, now: datetime) -> int:
        await forget_old_runs(session, now - timedelta(days=30))
        return 0

    async def forget_revoked(session: AsyncSession, now: datetime) -> int:
        await forget_revocations(session, now - settings.token_lifetime_max)
        return 0

    async def check_books(session: AsyncSession, _: datetime) -> int:
        for name, count in (await invariants(session)).items():
            metrics.INVARIANT_BROKEN.labels(name).set(count)
        return 0

    return (
        Job(
            "check_invariants",
            timedelta(days=1),
            check_books,
            after=timedelta(hours=settings.books_check_hour_utc),
        ),
        Job("keep_outbox_partitions", timedelta(minutes=10), keep_outbox),
        Job("keep_inbox_partitions", timedelta(hours=6), keep_inbox),
        Job("forget_old_runs", timedelta(days=1), forget_runs),
        Job("forget_revocations", timedelta(hours=1), forget_revoked),
    )
