"""The job looks into every programme."""

from services.points.usecases.spending.expire_due_holds import expire_due_holds
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.spending import held, member_with


async def test_the_holds_of_every_programme_are_freed(mall: Mall) -> None:
    malls = [mall, await mall.another()]
    for each in malls:
        await held(each, await member_with(each, 100), 10, ttl_seconds=60)
    mall.clock.advance(seconds=60)
    async with transaction(mall.engine) as session:
        assert await expire_due_holds(session, mall.clock()) >= 2
    for each in malls:
        rows = await each.rows("SELECT held FROM account WHERE program_id = :p")
        assert rows == [(0,)]
        rows = await each.rows("SELECT status, closed_at FROM hold WHERE program_id = :p")
        assert rows == [("expired", mall.clock())]
