"""A night begins when the mall's day does, once, whoever asks."""

import asyncio

from services.points.usecases.expiry.begin_nights import begin_nights
from shared.db import transaction
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.nights import begin


async def test_a_night_begins_once_a_day_whatever_happens(mall: Mall) -> None:
    assert await begin(mall) == 1
    mall.clock.advance(hours=3, minutes=59)
    assert await begin(mall) == 0
    mall.clock.advance(minutes=1)
    assert await begin(mall) == 1
    nights = await mall.rows(
        "SELECT night_on::text, due_at::text FROM night_run WHERE program_id = :p ORDER BY due_at"
    )
    assert nights == [
        ("2026-03-10", "2026-03-09 16:00:00+00"),
        ("2026-03-11", "2026-03-10 16:00:00+00"),
    ]


async def test_many_processes_begin_a_night_once(mall: Mall) -> None:
    async def begin_apart() -> int:
        async with transaction(mall.engine) as session:
            return await begin_nights(session, mall.clock(), mall.program_id)

    assert sum(await asyncio.gather(*(begin_apart() for _ in range(4)))) == 1


async def test_zones_with_the_same_midnight_share_a_night(mall: Mall) -> None:
    await mall.open_shop(shop_id=new_id(), mall_id=new_id(), time_zone="Asia/Singapore", code="b")
    assert await begin(mall) == 1


async def test_every_programme_has_its_night(damaged_mall: Mall) -> None:
    """On a database of its own: nobody works the nights that are begun here."""
    other = await damaged_mall.another()
    async with transaction(damaged_mall.engine) as session:
        await begin_nights(session, damaged_mall.clock())
    for programme in (damaged_mall, other):
        assert len(await programme.rows("SELECT 1 FROM night_run WHERE program_id = :p")) == 1
