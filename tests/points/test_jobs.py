"""What the jobs role does by the clock, as the process would."""

from datetime import timedelta

import pytest

from services.points.jobs import jobs
from services.points.queries.invariants import check_invariants
from services.points.settings import PointsSettings
from shared.db import transaction
from shared.schedule import run_step
from tests.points.mall import Mall
from tests.points.nights import given, last_night


async def run_all(mall: Mall, settings: PointsSettings) -> None:
    """Every job until it rests."""
    for job in jobs(settings):
        while await run_step(mall.engine, job, mall.clock()):
            pass


async def test_the_nights_of_all_programmes_are_worked_once_a_day(
    damaged_mall: Mall, settings: PointsSettings
) -> None:
    # On a database of its own: for programmes of other tests it may be a later day already.
    mall = damaged_mall
    other = await mall.another()
    for programme, points in ((mall, 100), (other, 7)):
        member_id = await programme.enrol()
        await given(programme, member_id, points, timedelta(hours=3))
    mall.clock.advance(hours=5)
    await run_all(mall, settings)
    for programme, points in ((mall, 100), (other, 7)):
        night = await last_night(programme)
        assert (night.step, night.expired_points) == ("done", points)
    mall.clock.advance(hours=1)
    await run_all(mall, settings)
    assert len(await mall.rows("SELECT 1 FROM night_run WHERE program_id = :p")) == 1
    async with transaction(mall.engine) as session:
        assert not any((await check_invariants(session)).values())


@pytest.mark.parametrize(("wanted", "pool", "workers"), [(2, 8, 2), (16, 8, 4), (2, 1, 1)])
def test_the_night_leaves_half_of_the_connections_to_what_else_the_process_does(
    settings: PointsSettings, wanted: int, pool: int, workers: int
) -> None:
    told = settings.model_copy(update={"night_connections": wanted, "database_pool_size": pool})
    assert {job.name: job.workers for job in jobs(told)}["run_night"] == workers
