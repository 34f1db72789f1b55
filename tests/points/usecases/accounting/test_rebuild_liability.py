"""A past day built again from the ledger is the day that was written down."""

from datetime import date, timedelta

import pytest

from services.points.domain.accounting.errors import LiabilityDayUnknown
from services.points.usecases.accounting.rebuild_liability import rebuild_liability
from services.points.usecases.accounting.snapshot_liability import snapshot_liability
from shared.db import transaction
from tests.points.books_at_hand import burn, expire, give_back
from tests.points.mall import Mall

FIRST = date(2026, 3, 10)


async def rebuilt(mall: Mall, day: date) -> bool:
    async with transaction(mall.engine) as session:
        return await rebuild_liability(session, mall.clock(), mall.program_id, day)


async def a_busy_week(mall: Mall) -> None:
    """Sales, refunds into debt, burns, reversals and ends, a little each day."""
    members = [await mall.enrol() for _ in range(3)]
    for step in range(7):
        sales = [await mall.sold(1_000 * (step + 3), member_id=m) for m in members]
        spent = await burn(mall, members[step % 3], 20, mall.mall_id if step % 2 else None)
        await expire(mall, members[(step + 1) % 3], 3)
        mall.clock.advance(hours=5)
        if step % 2:
            await mall.push(mall.refund(sales[step % 3]))
        await give_back(mall, members[step % 3], spent, 7)
        await mall.adjust(members[(step + 2) % 3], 5 - step if step != 5 else 1, f"{step}")
        mall.clock.advance(hours=19)
        async with transaction(mall.engine) as session:
            await snapshot_liability(session, mall.clock(), mall.program_id)


async def test_every_day_of_a_busy_week_is_the_same_from_the_ledger(mall: Mall) -> None:
    await a_busy_week(mall)
    for day in range(7):
        assert not await rebuilt(mall, FIRST + timedelta(days=day)), day


async def test_a_day_that_was_tampered_with_is_repaired_and_told(mall: Mall) -> None:
    await a_busy_week(mall)
    await mall.execute(
        "UPDATE liability_row SET issued = issued + 1, closing = closing + 1 "
        "WHERE program_id = :p AND day = '2026-03-12' AND row_number = 1"
    )
    assert await rebuilt(mall, FIRST + timedelta(days=2))
    assert not await rebuilt(mall, FIRST + timedelta(days=2))


async def test_a_day_that_was_not_written_down_cannot_be_built_again(mall: Mall) -> None:
    with pytest.raises(LiabilityDayUnknown):
        await rebuilt(mall, FIRST)
