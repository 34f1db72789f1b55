"""Pending points become good by the clock, and the balance stays what it was."""

from datetime import timedelta

from services.points.usecases.expiry.activate_due import activate_due
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.nights import given

DAY = timedelta(days=1)


async def test_what_is_due_becomes_good_a_few_lots_at_a_time(mall: Mall) -> None:
    now = mall.clock()
    members = [await mall.enrol() for _ in range(3)]
    for member_id in members:
        await given(mall, member_id, 10, None, state="pending", activates_at=now)
        await given(mall, member_id, 20, None, state="pending", activates_at=now + DAY)
        await given(mall, member_id, 40, None, state="pending")
    done = []
    for _ in range(4):
        async with transaction(mall.engine) as session:
            done.append(await activate_due(session, now, mall.program_id, 2))
    assert sorted(done) == [0, 0, 1, 2]
    accounts = await mall.rows(
        "SELECT DISTINCT balance, pending FROM account WHERE program_id = :p"
    )
    assert accounts == [(70, 60)]
