"""Group commit: requests that wait at the same time share one transaction.

Few committers in a process take what has gathered, work it as one batch and answer everybody
after the commit. A group that fails is redone one by one, so that nobody pays for a neighbour.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared import metrics
from shared.db import Collision, CommitRefused, CommitUnknown, DatabaseUnavailable, transaction
from shared.errors import Invariant, Unavailable

_COLLISIONS_MAX = 3
# Fewer are not worth a transaction of their own while another is under way: they gather on.
_BESIDE_WEIGHT_MIN = 12
# So many are one group; with more there can be two that take turns in the database.
_TOGETHER_WEIGHT_MIN = 16
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Overloaded(Unavailable):
    """More requests wait than can be answered in time. Try again in a moment."""


class ShuttingDown(Unavailable):
    """This process is going away. The same request will be answered by another."""


@dataclass(slots=True)
class _Waiting(Generic[Question, Answer]):
    question: Question
    weight: int
    answer: asyncio.Future[Answer]


class Gather(Generic[Question, Answer]):
    """Questions in, answers out, at most `lanes` transactions at a time.

    `work(session, questions)` returns one answer a question, in order. A group's weights add up
    to at most `weight_max` (a single heavier question goes alone); at most `waiting_max` wait.
    A second lane works what has gathered while the first waits for the database, if that is
    enough: big groups cost less. Two lanes are like two processes: `work` and `quick` must bear it.
    What is heavier than `quick_weight_max` has no other beside it.
    With `linger_seconds`, those who were just answered and come again are waited for, as long as
    so much time brings another; who comes alone waits for nobody.
    A group of `quick_weight_max` at most is shown to `quick(questions)` first, which stores all or
    nothing by itself and answers, or returns None to have `work` do it.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        work: Callable[[AsyncSession, Sequence[Question]], Awaitable[Sequence[Answer]]],
        *,
        weight_max: int = 1_000,
        waiting_max: int = 2_000,
        lanes: int = 1,
        linger_seconds: float = 0,
        quick: Callable[[Sequence[Question]], Awaitable[Sequence[Answer] | None]] | None = None,
        quick_weight_max: int = 250,
    ) -> None:
        self._engine = engine
        self._work = work
        self._weight_max = weight_max
        self._waiting_max = waiting_max
        self._quick = quick
        self._quick_weight_max = quick_weight_max
        self._lanes = lanes
        self._queue: deque[_Waiting[Question, Answer]] = deque()
        self._waiting_weight = 0
        self._weight_under_way = 0
        self._linger_seconds = linger_seconds
        self._wanted_weight = 0
        self._lingering: asyncio.Future[None] | None = None
        self._idle: list[asyncio.Future[None]] = []
        self._closing = False

    async def ask(self, question: Question, weight: int = 1) -> Answer:
        """Wait for the transaction that answers. Raises what `work` raised for this question."""
        if self._closing:
            raise ShuttingDown("The service is stopping. Send the same request again.")
        if len(self._queue) >= self._waiting_max:
            raise Overloaded("Too many requests wait. Send the same request again in a moment.")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(question, weight, future))
        self._waiting_weight += weight
        if self._lingering is not None:
            if self._waiting_weight >= self._wanted_weight:
                _wake(self._lingering)
        elif self._idle and self._is_enough():
            _wake(self._idle.pop())
        return await future

    async def run(self) -> None:
        """Commit groups until `close` was called and everybody has an answer.

        Nobody is left waiting when this is cancelled: the questions are refused.
        """
        try:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(self._lanes):
                    lanes.create_task(self._run_lane())
        finally:
            self._closing = True
            _fail(self._queue, ShuttingDown("The service is stopping. Send the same again."))

    def close(self) -> None:
        """Take no more questions; `run` returns when those that wait are answered."""
        self._closing = True
        for idle in (*self._idle, self._lingering):
            if idle is not None:
                _wake(idle)
        self._idle.clear()

    async def _run_lane(self) -> None:
        while True:
            while self._queue and self._lingering is None and self._is_enough():
                if self._linger_seconds and self._weight_under_way == 0:
                    await self._linger()
                group = self._take()
                weight = sum(waiting.weight for waiting in group)
                self._weight_under_way += weight
                try:
                    await self._commit(group)
                finally:
                    self._weight_under_way -= weight
                    self._expect(weight)
            if self._closing:
                # What is left is not enough to go beside another lane, which will take it.
                return
            news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle.append(news)
            await news

    async def _linger(self) -> None:
        seen = 0
        while seen < self._waiting_weight < self._wanted_weight and not self._closing:
            seen = self._waiting_weight
            loop = asyncio.get_running_loop()
            self._lingering = loop.create_future()
            timer = loop.call_later(self._linger_seconds, _wake, self._lingering)
            try:
                await self._lingering
            finally:
                timer.cancel()
                self._lingering = None

    def _expect(self, answered_weight: int) -> None:
        """Whoever was answered may come again: wait for all of few, for every other one of many."""
        around = answered_weight + self._waiting_weight + self._weight_under_way
        wanted = min(around, max(_TOGETHER_WEIGHT_MIN, around // 2))
        most = self._weight_max if self._quick is None else self._quick_weight_max
        self._wanted_weight = min(wanted, most)

    def _is_enough(self) -> bool:
        """Whether those that wait are worth a transaction now: beside another, half as many.

        Big groups go alone: two of them only take the processor from each other.
        """
        if self._weight_under_way == 0:
            return True
        if max(self._weight_under_way, self._queue[0].weight) > self._quick_weight_max:
            return False
        return self._waiting_weight >= max(_BESIDE_WEIGHT_MIN, self._weight_under_way // 2)

    def _take(self) -> list[_Waiting[Question, Answer]]:
        group = [self._queue.popleft()]
        weight = group[0].weight
        while self._queue and weight + self._queue[0].weight <= self._weight_max:
            group.append(self._queue.popleft())
            weight += group[-1].weight
        self._waiting_weight -= weight
        metrics.GATHERED.observe(len(group))
        return group

    async def _commit(self, group: list[_Waiting[Question, Answer]]) -> None:
        try:
            await self._answer(group)
        except CommitUnknown as error:
            # Not redone: each repeat must come from its sender.
            _fail(group, error)
        except Exception as error:
            if len(group) == 1 and not isinstance(error, Collision):
                _fail(group, error)
            else:
                await self._redo(group)
        finally:
            _fail(group, CommitUnknown("The service stopped. Send the same request again."))

    async def _redo(self, group: list[_Waiting[Question, Answer]]) -> None:
        for place, waiting in enumerate(group):
            try:
                await self._answer_past_collisions(waiting)
            except DatabaseUnavailable as error:
                _fail([waiting], error)
                if not isinstance(error, CommitRefused):
                    # The others would wait for the same database, one after the other.
                    _fail(group[place:], error)
                    return
            except Exception as error:
                _fail([waiting], error)

    async def _answer_past_collisions(self, waiting: _Waiting[Question, Answer]) -> None:
        """Whoever collided is stored by now and will be seen; two may collide again."""
        for _ in range(_COLLISIONS_MAX):
            try:
                await self._answer([waiting])
            except Collision as error:
                collision = error
            else:
                return
        raise collision

    async def _answer(self, group: list[_Waiting[Question, Answer]]) -> None:
        questions = [w.question for w in group]
        answers: Sequence[Answer] | None = None
        if self._quick is not None and sum(w.weight for w in group) <= self._quick_weight_max:
            answers = await self._quick(questions)
        if answers is None:
            async with transaction(self._engine) as session:
                answers = await self._work(session, questions)
                _check_count(group, answers)
        _check_count(group, answers)
        for waiting, answer in zip(group, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)


def _wake(idle: asyncio.Future[None]) -> None:
    if not idle.done():
        idle.set_result(None)


def _check_count(group: Sequence[object], answers: Sequence[object]) -> None:
    if len(answers) != len(group):
        raise Invariant(f"{len(group)} questions got {len(answers)} answers")


def _fail(group: Iterable[_Waiting[Question, Answer]], error: Exception) -> None:
    for waiting in group:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
