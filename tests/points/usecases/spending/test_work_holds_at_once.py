"""Holds in two round trips without locks between them: nothing is stored if somebody moved."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.points.domain.ledger.errors import InsufficientPoints
from services.points.settings import PointsSettings
from services.points.storage.receipts.directory import Rulebooks
from services.points.storage.spending.hold_tasks import HoldAnswer
from services.points.usecases.spending.work_holds_at_once import work_holds_at_once
from shared.db import Statements, open_statements
from tests.points.mall import Mall
from tests.points.spending import freeze, member_with, spendable
from tests.points.usecases.spending.test_work_holds import make_task


class Interrupted:
    """Statements between whose look and write something else happens."""

    def __init__(self, statements: Statements, meanwhile: Any) -> None:
        self._statements, self._meanwhile = statements, meanwhile

    async def fetchrow(self, query: str, *args: Any) -> Any:
        row = await self._statements.fetchrow(query, *args)
        await self._meanwhile()
        return row

    async def write(self, query: str, *args: Any) -> None:
        await self._statements.write(query, *args)


@pytest.fixture
async def statements(settings: PointsSettings) -> AsyncIterator[Statements]:
    """Connections of its own."""
    async with open_statements(settings.database_url, 1) as opened:
        yield opened


async def test_a_group_is_stored_and_one_refusal_spoils_nothing(
    mall: Mall, statements: Statements
) -> None:
    member_id = await member_with(mall, 100)
    tasks = [make_task(mall, member_id, points) for points in (60, 50, 40)]
    answers = await work_holds_at_once(statements, mall.clock(), Rulebooks(), tasks)
    assert answers is not None
    assert isinstance(answers[1], InsufficientPoints)
    assert await spendable(mall, member_id) == (100, 0, 100)


async def test_several_programmes_are_left_to_locks(mall: Mall, statements: Statements) -> None:
    other = await mall.another()
    tasks = [make_task(m, await member_with(m, 10), 5) for m in (mall, other)]
    assert await work_holds_at_once(statements, mall.clock(), Rulebooks(), tasks) is None


@pytest.mark.parametrize("is_frozen", [False, True], ids=["touched", "frozen"])
async def test_nothing_is_stored_when_the_account_changed_meanwhile(
    mall: Mall, statements: Statements, is_frozen: bool
) -> None:
    member_id = await member_with(mall, 100)

    async def meanwhile() -> None:
        if is_frozen:
            await freeze(mall, member_id)
        else:
            await mall.execute("UPDATE account SET balance = balance WHERE program_id = :p")

    interrupted: Any = Interrupted(statements, meanwhile)
    task = make_task(mall, member_id, 60)
    assert await work_holds_at_once(interrupted, mall.clock(), Rulebooks(), [task]) is None
    assert (await spendable(mall, member_id))[2] == 0


async def test_nothing_is_stored_when_the_same_hold_was_made_meanwhile(
    mall: Mall, statements: Statements
) -> None:
    members = [await member_with(mall, 100) for _ in range(2)]
    first, second = (make_task(mall, member_id, 60, "same") for member_id in members)

    async def meanwhile() -> None:
        assert await work_holds_at_once(statements, mall.clock(), Rulebooks(), [first]) is not None

    interrupted: Any = Interrupted(statements, meanwhile)
    assert await work_holds_at_once(interrupted, mall.clock(), Rulebooks(), [second]) is None
    [answer] = await work_holds_at_once(statements, mall.clock(), Rulebooks(), [first]) or []
    assert isinstance(answer, HoldAnswer)
    assert not answer.is_new
    assert [(await spendable(mall, m))[2] for m in members] == [60, 0]
