"""The service, in the loop of a runner of its own, for machines that are not asynchronous.

`World.run` runs them inside of the loop, in a greenlet that hands its coroutines out: starting and
stopping the loop for each of them took as long as a round trip to the database.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import uvloop
from sqlalchemy.util import await_only, greenlet_spawn

from services.points.api.app import build_app
from services.points.consumer import HANDLERS
from services.points.queries.invariants import check_invariants
from services.points.settings import PointsSettings
from services.points.usecases.members.expire_transfers import expire_transfers
from services.points.usecases.spending.expire_due_holds import expire_due_holds
from shared.db import Statements, open_statements, transaction
from tests.faults.life.door import Door
from tests.points.mall import Mall
from tests.support.clock import HandClock
from tests.support.service import make_runtime, make_settings, open_engine

# What is set aside, less what is over and was not cleared away yet; lots in the order of spending.
_BOOKS = """
SELECT json_agg(json_build_array(a.account_id, a.balance, a.version,
    a.held - coalesce((
        SELECT sum(h.points - h.captured) FROM hold h
        WHERE h.program_id = $1 AND h.account_id = a.account_id AND h.status = 'open'
          AND h.kind = 'payment' AND h.expires_at <= $2), 0),
    a.frozen_case IS NOT NULL,
    (SELECT json_agg(json_build_array(l.expires_at, l.remaining, l.state = 'pending',
                                      l.frozen_case IS NOT NULL)
                     ORDER BY l.expires_at NULLS LAST, l.version)
     FROM lot l WHERE l.program_id = $1 AND l.account_id = a.account_id AND l.remaining > 0)))::text
FROM account a WHERE a.program_id = $1 AND a.version > 0
"""
Result = TypeVar("Result")
Books = dict[UUID, tuple[int, int, int, bool, list[tuple[datetime | None, int, bool, bool]]]]


class World:
    """The service and its mall."""

    def __init__(self, runner: asyncio.Runner, mall: Mall, statements: Statements) -> None:
        self.runner = runner
        self.mall = mall
        self.statements = statements

    def do(self, coroutine: Any) -> Any:
        """Run it to its end; for what `run` runs."""
        return await_only(coroutine)

    def run(self, work: Callable[[], Result]) -> Result:
        """Run what uses `do`."""
        return self.runner.run(greenlet_spawn(work))

    def read(self, program_id: UUID, now: datetime) -> Books:
        """Balance, version, held, frozen, and lots with end, points left, pending, frozen."""

        async def fetch() -> Books:
            [books] = await self.statements.fetchrow(_BOOKS, program_id, now)
            return {
                UUID(account_id): (
                    balance,
                    version,
                    held,
                    frozen,
                    [_lot(*lot) for lot in lots or ()],
                )
                for account_id, balance, version, held, frozen, lots in json.loads(books or "[]")
            }

        found: Books = self.do(fetch())
        return found

    def clear_offers(self) -> None:
        """The job that frees offers that nobody took."""
        self._work_off(expire_transfers)

    def clear_holds(self) -> None:
        """The job that clears holds away whose time is over."""
        self._work_off(expire_due_holds)

    def _work_off(self, job: Callable[..., Any]) -> None:
        async def work() -> int:
            async with transaction(self.mall.engine) as session:
                return int(await job(session, self.mall.clock()))

        while self.do(work()):
            pass


def _lot(
    ends: str | None, points: int, is_pending: bool, is_frozen: bool
) -> tuple[datetime | None, int, bool, bool]:
    return ends and datetime.fromisoformat(ends), points, is_pending, is_frozen  # type: ignore[return-value]


@contextmanager
def open_world(database_url: str) -> Iterator[World]:
    """Points behind its HTTP door; the books must hold in the end."""
    settings = make_settings(PointsSettings, database_url)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stack = AsyncExitStack()

        async def open_all() -> World:
            engine = await stack.enter_async_context(open_engine(settings.database_url))
            clock = HandClock()
            app = build_app(make_runtime("points", settings, engine, clock, HANDLERS))
            await stack.enter_async_context(app.router.lifespan_context(app))
            mall = Mall(engine, await stack.enter_async_context(Door(app)), clock)
            reads = open_statements(settings.database_url, 1, read_only=True)
            return World(runner, mall, await stack.enter_async_context(reads))

        world = runner.run(open_all())
        try:
            yield world

            async def check() -> dict[str, int]:
                async with transaction(world.mall.engine) as session:
                    return await check_invariants(session)

            broken = runner.run(check())
            assert not any(broken.values()), broken
        finally:
            runner.run(stack.aclose())
