"""Holds of many tills and programmes under locks."""

from datetime import timedelta
from uuid import UUID

from services.points.domain.ledger.errors import InsufficientPoints
from services.points.storage.spending.hold_requests import CaptureHold, HoldTask, MakeHold
from services.points.storage.spending.hold_tasks import HoldAnswer
from services.points.usecases.spending.work_holds import work_holds
from shared.db import transaction
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.spending import member_with, spendable


def make_task(mall: Mall, member_id: UUID, points: int, key: str = "") -> HoldTask:
    """A hold that a till of the mall asks for."""
    asked = MakeHold(key or new_id().hex, member_id, None, points, timedelta(minutes=5), "R1")
    return HoldTask(mall.program_id, mall.shop_id, "T1", 1, asked)


async def test_each_programme_of_a_group_is_worked_and_answered_in_order(mall: Mall) -> None:
    other = await mall.another()
    mine, theirs = await member_with(mall, 100), await member_with(other, 50)
    tasks = [
        make_task(mall, mine, 60),
        make_task(other, theirs, 60),
        make_task(other, theirs, 20),
        make_task(mall, mine, 40),
    ]
    async with transaction(mall.engine) as session:
        answers = await work_holds(session, mall.clock(), tasks)
    assert [isinstance(answer, HoldAnswer) for answer in answers] == [True, False, True, True]
    assert isinstance(answers[1], InsufficientPoints)
    assert await spendable(mall, mine) == (100, 0, 100)
    assert await spendable(other, theirs) == (50, 30, 20)


async def test_two_who_ask_the_same_in_one_group_get_one_hold(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    task = make_task(mall, member_id, 60, "same")
    async with transaction(mall.engine) as session:
        answers = await work_holds(session, mall.clock(), [task, task])
    assert [a.is_new for a in answers if isinstance(a, HoldAnswer)] == [True, False]
    hold_id = task.made_id
    assert hold_id is not None
    capture = CaptureHold("pay", hold_id, 10, False)
    paid = HoldTask(mall.program_id, mall.shop_id, "T1", 1, capture)
    async with transaction(mall.engine) as session:
        await work_holds(session, mall.clock(), [paid, paid])
    assert await spendable(mall, member_id) == (90, 40, 50)
