"""Holds that have run out free their points, whoever is at work beside it."""

from services.points.usecases.spending.expire_holds import expire_holds
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.spending import held, member_with


async def test_what_somebody_is_at_work_on_is_left_for_later(mall: Mall, twin: Mall) -> None:
    members = [await member_with(mall, 100) for _ in range(3)]
    for member_id in members:
        await held(mall, member_id, 10, ttl_seconds=60)
        await held(mall, member_id, 5, ttl_seconds=600)
    mall.clock.advance(seconds=60)
    async with transaction(mall.engine) as session:
        assert await expire_holds(session, mall.clock(), mall.program_id, 1) == 1
        async with transaction(twin.engine) as other:
            assert await expire_holds(other, mall.clock(), mall.program_id, 1) == 0
    async with transaction(mall.engine) as session:
        assert await expire_holds(session, mall.clock(), mall.program_id, 10) == 2
        assert await expire_holds(session, mall.clock(), mall.program_id, 10) == 0
    rows = await mall.rows("SELECT DISTINCT held FROM account WHERE program_id = :p")
    assert rows == [(5,)]
