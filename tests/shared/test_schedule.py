"""Jobs against a real PostgreSQL: each run once, whoever gets it."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.db import transaction
from shared.errors import Unavailable
from shared.schedule import (
    Job,
    Step,
    forget_old_runs,
    frame_jobs,
    period_start,
    run_jobs,
    run_step,
    work_off,
)
from shared.settings import ServiceSettings
from tests.support.clock import NOON, HandClock
from tests.support.frame import until

HOUR = timedelta(hours=1)


class Work:
    """A step that does `left` things, one a call, and may be held or fail."""

    def __init__(self, left: int = 1) -> None:
        self.left = left
        self.calls = 0
        self.fail: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def step(self, session: AsyncSession, now: datetime) -> int:
        self.calls += 1
        await session.execute(
            text("INSERT INTO tally VALUES ('p', 'job', :n)"), {"n": str(self.calls)}
        )
        await self.gate.wait()
        if self.fail is not None:
            raise self.fail
        done = min(self.left, 1)
        self.left -= done
        return done


@pytest.fixture
def work() -> Work:
    return Work()


async def test_a_run_goes_on_until_nothing_is_left_and_is_not_repeated(
    engine: AsyncEngine, work: Work
) -> None:
    job = Job("count", HOUR, work.step)
    work.left = 2
    assert [await run_step(engine, job, NOON) for _ in range(4)] == [1, 1, 0, 0]
    assert work.calls == 3
    async with transaction(engine) as session:
        row = (await session.execute(text("SELECT * FROM scheduled_action"))).one()
    assert (row.scheduled_for, row.done_at, row.done_count) == (NOON, NOON, 2)


async def test_the_next_period_is_a_run_of_its_own(engine: AsyncEngine, work: Work) -> None:
    job = Job("count", HOUR, work.step)
    for after in (0, 0, 59, 60, 61):
        await run_step(engine, job, NOON + timedelta(minutes=after))
    assert work.calls == 3, "the first period has one thing to do and finds nothing; the next too"


async def test_who_finds_the_run_held_skips_it_without_waiting(
    engine: AsyncEngine, work: Work
) -> None:
    job = Job("count", HOUR, work.step)
    work.gate.clear()
    holder = asyncio.create_task(run_step(engine, job, NOON))
    await until(lambda: work.calls)
    others = await asyncio.gather(*(run_step(engine, job, NOON) for _ in range(3)))
    assert (others, work.calls) == ([0, 0, 0], 1)
    work.gate.set()
    assert await holder == 1


async def test_a_failed_run_leaves_nothing_and_is_tried_again(
    engine: AsyncEngine, work: Work
) -> None:
    job = Job("count", HOUR, work.step)
    work.fail = RuntimeError("broken")
    with pytest.raises(RuntimeError):
        await run_step(engine, job, NOON)
    work.fail = None
    assert await run_step(engine, job, NOON) == 1
    async with transaction(engine) as session:
        assert await session.scalar(text("SELECT count(*) FROM tally")) == 1


async def test_steps_without_a_period_are_not_recorded(engine: AsyncEngine, work: Work) -> None:
    job = Job("drain", HOUR, work.step, once_a_period=False)
    assert [await run_step(engine, job, NOON) for _ in range(2)] == [1, 0]
    async with transaction(engine) as session:
        assert await session.scalar(text("SELECT count(*) FROM scheduled_action")) == 0


def _by_two(step: Step) -> Job:
    return Job("pair", HOUR, step, once_a_period=False, workers=2)


async def test_workers_do_steps_at_once_and_who_found_nothing_comes_back(
    engine: AsyncEngine,
) -> None:
    calls, nothing_found, both = itertools.count(), asyncio.Event(), asyncio.Barrier(2)

    async def step(_: AsyncSession, __: datetime) -> int:
        match next(calls):
            case 0:  # What only one can do, and the other finds nothing meanwhile.
                await nothing_found.wait()
                return 1
            case 1:
                nothing_found.set()
                return 0
            case 2 | 3:
                await both.wait()
                return 1
            case _:
                return 0

    working = work_off(engine, _by_two(step), lambda: NOON, asyncio.Event())
    await asyncio.wait_for(working, 30)
    assert next(calls) > 4


async def test_after_a_failure_the_others_end_their_step_and_nobody_begins_one(
    engine: AsyncEngine, work: Work
) -> None:
    work.left = 5
    work.gate.clear()

    async def step(session: AsyncSession, now: datetime) -> int:
        if work.calls:
            asyncio.get_running_loop().call_soon(work.gate.set)
            raise RuntimeError("broken")
        return await work.step(session, now)

    with pytest.raises(RuntimeError, match="broken"):
        await work_off(engine, _by_two(step), lambda: NOON, asyncio.Event())
    assert (work.calls, work.left) == (1, 4)
    async with transaction(engine) as session:
        assert await session.scalar(text("SELECT count(*) FROM tally")) == 1


async def test_workers_that_are_asked_to_stop_end_their_steps(
    engine: AsyncEngine, work: Work
) -> None:
    work.left = 5
    work.gate.clear()
    stop = asyncio.Event()
    working = asyncio.create_task(work_off(engine, _by_two(work.step), lambda: NOON, stop))
    await until(lambda: work.calls == 2)
    stop.set()
    work.gate.set()
    await asyncio.wait_for(working, 30)
    assert (work.calls, work.left) == (2, 3)


@pytest.mark.parametrize(
    ("every", "start"),
    [
        (timedelta(minutes=10), datetime(2026, 3, 10, 12, 10, tzinfo=UTC)),
        (timedelta(days=1), datetime(2026, 3, 10, tzinfo=UTC)),
        (timedelta(seconds=0.5), datetime(2026, 3, 10, 12, 17, 3, 500_000, tzinfo=UTC)),
    ],
)
def test_periods_start_at_whole_multiples(every: timedelta, start: datetime) -> None:
    assert period_start(datetime(2026, 3, 10, 12, 17, 3, 700_000, tzinfo=UTC), every) == start


def test_a_period_may_begin_at_an_hour_of_the_day() -> None:
    day, after = timedelta(days=1), timedelta(hours=19)
    for hour, starts_on in ((18, 9), (19, 10), (23, 10)):
        now = datetime(2026, 3, 10, hour, tzinfo=UTC)
        assert period_start(now, day, after) == datetime(2026, 3, starts_on, 19, tzinfo=UTC)


async def test_the_books_are_checked_once_a_night_when_the_malls_are_closed(
    settings: ServiceSettings,
) -> None:
    async def nothing(_: AsyncSession) -> dict[str, int]:
        return {}

    [check] = [job for job in frame_jobs(settings, nothing) if job.name == "check_invariants"]
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    begins = period_start(noon, check.every, check.after).astimezone(ZoneInfo("Asia/Shanghai"))
    assert (begins.hour, check.every) == (3, timedelta(days=1))


def _runs(job: str, outcome: str) -> float:
    labels = {"job": job, "outcome": outcome}
    return REGISTRY.get_sample_value("galleria_job_runs_total", labels) or 0


async def test_a_loop_survives_failures_and_stops_when_asked(
    engine: AsyncEngine, clock: HandClock
) -> None:
    broken, late, good = Work(), Work(), Work()
    broken.fail, late.fail = RuntimeError("broken"), Unavailable("not yet")
    often = timedelta(milliseconds=10)
    jobs = [
        Job("broken", often, broken.step, once_a_period=False),
        Job("late", often, late.step, once_a_period=False),
        Job("good", HOUR, good.step),
    ]
    stop = asyncio.Event()
    running = asyncio.create_task(run_jobs(engine, jobs, clock, stop))
    await until(lambda: _runs("broken", "failed") > 1 and _runs("late", "unavailable") > 1)
    await until(lambda: good.calls > 1)
    broken.fail = None
    await until(lambda: _runs("broken", "done"))
    stop.set()
    await asyncio.wait_for(running, 30)


async def test_old_runs_are_forgotten(engine: AsyncEngine, work: Work) -> None:
    await run_step(engine, Job("count", HOUR, work.step), NOON)
    for before, left in ((NOON, 1), (NOON + timedelta(seconds=1), 0)):
        async with transaction(engine) as session:
            await forget_old_runs(session, before)
            assert await session.scalar(text("SELECT count(*) FROM scheduled_action")) == left
