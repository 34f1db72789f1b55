"""Group commit against a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.db import Collision, CommitUnknown, DatabaseUnavailable
from shared.errors import Invariant, Rejected
from shared.gather import Gather, Overloaded, ShuttingDown
from tests.support.frame import read_tally, until
from tests.support.service import open_engine

INSERT = "INSERT INTO tally SELECT 'p', 'bell', unnest(cast(:strokes AS text[]))"


class Desk:
    """Work that stores each number and answers with its double, as a test bends it."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.poison: set[int] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.kill: Any = None

    async def work(self, session: AsyncSession, numbers: Sequence[int]) -> list[int]:
        self.groups.append(list(numbers))
        await self.gate.wait()
        await session.execute(text(INSERT), {"strokes": [str(n) for n in numbers]})
        if self.poison & set(numbers):
            raise Rejected("poison")
        if self.kill is not None:
            await self.kill(await session.scalar(text("SELECT pg_backend_pid()")))
        return [2 * n for n in numbers]


@asynccontextmanager
async def running(gather: "Gather[int, int]") -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(gather.run())
    try:
        yield task
    finally:
        gather.close()
        await asyncio.wait([task])


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_those_that_wait_at_the_same_time_share_transactions(
    engine: AsyncEngine, desk: Desk
) -> None:
    gather = Gather(engine, desk.work, weight_max=10)
    async with running(gather):
        answers = await asyncio.gather(*(gather.ask(n) for n in range(100)))
    assert answers == [2 * n for n in range(100)]
    assert [len(group) for group in desk.groups] == [10] * 10
    assert len(await read_tally(engine)) == 100


async def test_a_heavy_question_goes_alone_and_in_its_turn(engine: AsyncEngine, desk: Desk) -> None:
    gather = Gather(engine, desk.work, weight_max=10)
    weights = {1: 4, 2: 4, 3: 50, 4: 1}
    async with running(gather):
        await asyncio.gather(*(gather.ask(n, weight) for n, weight in weights.items()))
    assert desk.groups == [[1, 2], [3], [4]]


async def test_a_bad_one_fails_alone(engine: AsyncEngine, desk: Desk) -> None:
    desk.poison = {3}
    gather = Gather(engine, desk.work)
    async with running(gather):
        asked = (gather.ask(n) for n in range(5))
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [repr(a) for a in answers] == ["0", "2", "4", "Rejected('poison')", "8"]
    assert [n for _, n in await read_tally(engine)] == [0, 1, 2, 4]


async def test_a_commit_whose_answer_is_lost_is_not_redone(
    engine: AsyncEngine, desk: Desk, postgres_url: str
) -> None:
    async def kill(pid: int) -> None:
        connection = await asyncpg.connect(postgres_url)
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await connection.close()

    desk.kill = kill
    gather = Gather(engine, desk.work)
    async with running(gather):
        answers = await asyncio.gather(*map(gather.ask, range(3)), return_exceptions=True)
        assert [type(a) for a in answers] == [CommitUnknown] * 3
        assert desk.groups == [[0, 1, 2]]
        desk.kill = None
        assert await gather.ask(1) == 2


async def test_a_database_that_is_gone_is_asked_twice_not_once_for_each() -> None:
    async with open_engine("postgresql://nobody:x@127.0.0.1:1/nothing") as nowhere:
        desk = Desk()
        gather = Gather(nowhere, desk.work)
        async with running(gather):
            asked = map(gather.ask, range(5))
            answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(a) for a in answers] == [DatabaseUnavailable] * 5
    assert desk.groups == [[0, 1, 2, 3, 4], [0]]


async def test_a_wrong_number_of_answers_stores_nothing(engine: AsyncEngine) -> None:
    async def work(session: AsyncSession, numbers: Sequence[int]) -> list[int]:
        await session.execute(text(INSERT), {"strokes": [str(n) for n in numbers]})
        return []

    gather = Gather(engine, work)
    async with running(gather):
        with pytest.raises(Invariant):
            await gather.ask(1)
    assert await read_tally(engine) == []


async def test_more_than_can_wait_are_refused(engine: AsyncEngine, desk: Desk) -> None:
    gather = Gather(engine, desk.work, waiting_max=2)
    waiting = [asyncio.create_task(gather.ask(n)) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await gather.ask(3)
    async with running(gather):
        assert await asyncio.gather(*waiting) == [0, 2]


async def test_closing_answers_those_that_wait_and_refuses_others(
    engine: AsyncEngine, desk: Desk
) -> None:
    gather = Gather(engine, desk.work)
    waiting = [asyncio.create_task(gather.ask(n)) for n in range(3)]
    await asyncio.sleep(0)
    gather.close()
    with pytest.raises(ShuttingDown):
        await gather.ask(4)
    await gather.run()
    assert await asyncio.gather(*waiting) == [0, 2, 4]


async def test_nobody_is_left_waiting_when_the_committer_is_cancelled(
    engine: AsyncEngine, desk: Desk
) -> None:
    desk.gate.clear()
    gather = Gather(engine, desk.work, weight_max=1)
    async with running(gather) as task:
        waiting = [asyncio.create_task(gather.ask(n)) for n in range(2)]
        await until(lambda: desk.groups)
        task.cancel()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(a) for a in answers] == [CommitUnknown, ShuttingDown]


async def test_one_that_went_away_does_not_disturb_the_others(
    engine: AsyncEngine, desk: Desk
) -> None:
    gather = Gather(engine, desk.work)
    gone = asyncio.create_task(gather.ask(1))
    stays = asyncio.create_task(gather.ask(2))
    await asyncio.sleep(0)
    gone.cancel()
    async with running(gather):
        assert await stays == 4


@pytest.mark.parametrize(("collisions", "is_answered"), [(1, True), (3, True), (4, False)])
async def test_a_collision_is_done_again_a_few_times(
    engine: AsyncEngine, desk: Desk, collisions: int, is_answered: bool
) -> None:
    left = collisions

    async def work(session: AsyncSession, numbers: Sequence[int]) -> list[int]:
        nonlocal left
        answers = await desk.work(session, numbers)
        if left:
            left -= 1
            raise Collision("somebody stored the same")
        return answers

    gather: Gather[int, int] = Gather(engine, work)
    async with running(gather):
        if is_answered:
            assert await gather.ask(1) == 2
        else:
            with pytest.raises(Collision):
                await gather.ask(1)
    assert await read_tally(engine) == ([("bell", 1)] if is_answered else [])


async def test_small_groups_are_shown_to_the_quick_way_and_the_others_are_worked(
    engine: AsyncEngine, desk: Desk
) -> None:
    shown: list[list[int]] = []

    async def quick(numbers: Sequence[int]) -> list[int] | None:
        shown.append(list(numbers))
        return None if 3 in numbers else [2 * n for n in numbers]

    gather = Gather(engine, desk.work, weight_max=9, quick=quick, quick_weight_max=2)
    async with running(gather):
        assert await gather.ask(1, weight=3) == 2
        assert await gather.ask(2, weight=2) == 4
        assert await gather.ask(3, weight=2) == 6
    assert shown == [[2], [3]]
    assert desk.groups == [[1], [3]]


async def test_what_the_quick_way_could_not_commit_for_sure_is_not_done_again(
    engine: AsyncEngine, desk: Desk
) -> None:
    async def quick(_: Sequence[int]) -> None:
        raise CommitUnknown("lost")

    gather = Gather(engine, desk.work, quick=quick)
    async with running(gather):
        with pytest.raises(CommitUnknown):
            await gather.ask(1)
    assert desk.groups == []


async def test_a_second_lane_works_what_gathers_while_the_first_waits(
    engine: AsyncEngine, desk: Desk
) -> None:
    gather = Gather(engine, desk.work, lanes=2)
    desk.gate.clear()
    async with running(gather):
        first = asyncio.create_task(gather.ask(0))
        await until(lambda: desk.groups == [[0]])
        more = [asyncio.create_task(gather.ask(n)) for n in range(1, 15)]
        await until(lambda: len(desk.groups) == 2)
        desk.gate.set()
        assert await asyncio.gather(first, *more) == [2 * n for n in range(15)]
    assert desk.groups == [[0], list(range(1, 15))]


async def test_few_gather_on_while_another_transaction_is_under_way(
    engine: AsyncEngine, desk: Desk
) -> None:
    gather = Gather(engine, desk.work, lanes=2)
    desk.gate.clear()
    async with running(gather):
        first = asyncio.create_task(gather.ask(0, 100))
        await until(lambda: desk.groups == [[0]])
        light = asyncio.create_task(gather.ask(1, 49))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert desk.groups == [[0]], "less than half of what is under way is not worth it"
        heavy = asyncio.create_task(gather.ask(2, 1))
        await until(lambda: desk.groups == [[0], [1, 2]])
        desk.gate.set()
        assert [await first, await light, await heavy] == [0, 2, 4]


@pytest.mark.parametrize("weights", [(300, 200), (20, 300)])
async def test_a_heavy_group_has_no_other_beside_it(
    engine: AsyncEngine, desk: Desk, weights: tuple[int, int]
) -> None:
    gather = Gather(engine, desk.work, lanes=2, weight_max=400)
    desk.gate.clear()
    async with running(gather):
        first = asyncio.create_task(gather.ask(0, weights[0]))
        await until(lambda: desk.groups == [[0]])
        second = asyncio.create_task(gather.ask(1, weights[1]))
        for _ in range(5):
            await asyncio.sleep(0)
        assert desk.groups == [[0]]
        desk.gate.set()
        assert [await first, await second] == [0, 2]


async def test_closing_lanes_answers_those_that_wait(engine: AsyncEngine, desk: Desk) -> None:
    gather = Gather(engine, desk.work, lanes=3)
    desk.gate.clear()
    async with running(gather):
        asked = [asyncio.create_task(gather.ask(n)) for n in range(40)]
        await until(lambda: len(desk.groups) > 0)
        gather.close()
        desk.gate.set()
        assert await asyncio.gather(*asked) == [2 * n for n in range(40)]


async def test_those_who_were_answered_together_are_waited_for_and_answered_together(
    engine: AsyncEngine, desk: Desk
) -> None:
    gather = Gather(engine, desk.work, linger_seconds=30)
    async with running(gather):
        await asyncio.gather(*map(gather.ask, range(4)))
        for first in (4, 8):
            asked = []
            for n in range(first, first + 4):
                asked.append(asyncio.create_task(gather.ask(n)))
                await asyncio.sleep(0)  # Each comes in a turn of the event loop of its own.
            await asyncio.gather(*asked)
    assert desk.groups == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


async def test_who_comes_alone_is_waited_with_only_once(engine: AsyncEngine, desk: Desk) -> None:
    gather = Gather(engine, desk.work, linger_seconds=0.001)
    async with running(gather):
        await asyncio.gather(*map(gather.ask, range(4)))
        assert await gather.ask(7) == 14, "the others do not come again"
    lonely = Gather(engine, desk.work, linger_seconds=30)
    async with running(lonely):
        assert [await lonely.ask(n) for n in (8, 9, 10)] == [16, 18, 20]
    assert desk.groups == [[0, 1, 2, 3], [7], [8], [9], [10]]


async def test_closing_does_not_wait_for_those_who_may_come_again(
    engine: AsyncEngine, desk: Desk
) -> None:
    gather = Gather(engine, desk.work, linger_seconds=30)
    async with running(gather):
        await asyncio.gather(*map(gather.ask, range(4)))
        last = asyncio.create_task(gather.ask(7))
        await asyncio.sleep(0)
        gather.close()
        assert await last == 14
