"""What points' app carries: the group committers of receipts and of holds."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.receipts import Bounds
from services.points.settings import PointsSettings
from services.points.storage.receipts.directory import Rulebooks
from services.points.storage.receipts.pos_batch import Answer, TillBatch
from services.points.storage.spending.hold_requests import HoldTask
from services.points.storage.spending.hold_tasks import Answer as HoldAnswer
from services.points.usecases.receipts.record_plain_sales import record_plain_sales
from services.points.usecases.receipts.record_pos_transactions import record_pos_transactions
from services.points.usecases.spending.work_holds import work_holds
from services.points.usecases.spending.work_holds_at_once import work_holds_at_once
from shared.db import Statements, open_statements
from shared.gather import Gather
from shared.http.depends import Runtime, runtime_of
from shared.settings import ServiceSettings

PosGather = Gather[TillBatch, Answer]
HoldGather = Gather[HoldTask, HoldAnswer]
# Two groups of each kind under way: one is decided here while the other is in the database.
_LANES = 2
_LINGER_SECONDS = 0.001


def settings_of(request: Request) -> PointsSettings:
    """The settings of this process."""
    settings = runtime_of(request).settings
    assert isinstance(settings, PointsSettings)
    return settings


def bounds_of(settings: PointsSettings) -> Bounds:
    """How far from now a purchase may lie."""
    return Bounds(
        timedelta(seconds=settings.purchase_future_seconds_max),
        timedelta(days=settings.purchase_late_days_max),
    )


def gather_of(request: Request) -> PosGather:
    """The one committer of receipts of this process."""
    found: PosGather = request.app.state.pos_gather
    return found


def holds_of(request: Request) -> HoldGather:
    """The one committer of holds of this process."""
    found: HoldGather = request.app.state.hold_gather
    return found


def gathering(runtime: Runtime) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The app's lifespan: the committers run from the first request to the last answer."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.pos_gather = await stack.enter_async_context(_open_receipts(runtime))
            app.state.hold_gather = await stack.enter_async_context(_open_holds(runtime))
            yield

    return lifespan


@asynccontextmanager
async def _open_receipts(runtime: Runtime) -> AsyncIterator[PosGather]:
    settings = runtime.settings
    assert isinstance(settings, PointsSettings)
    bounds = bounds_of(settings)
    rulebooks = Rulebooks()

    async def work(session: AsyncSession, batches: Sequence[TillBatch]) -> Sequence[Answer]:
        return await record_pos_transactions(session, runtime.clock(), bounds, batches)

    async with _statements(settings, "points-sales") as statements:

        async def quick(batches: Sequence[TillBatch]) -> Sequence[Answer] | None:
            return await record_plain_sales(statements, runtime.clock(), bounds, rulebooks, batches)

        gather: PosGather = Gather(
            runtime.engine,
            work,
            weight_max=settings.batch_items_max,
            lanes=_LANES,
            linger_seconds=_LINGER_SECONDS,
            quick=quick,
        )
        async with _running(gather):
            yield gather


@asynccontextmanager
async def _open_holds(runtime: Runtime) -> AsyncIterator[HoldGather]:
    async def work(session: AsyncSession, tasks: Sequence[HoldTask]) -> Sequence[HoldAnswer]:
        return await work_holds(session, runtime.clock(), tasks)

    # Not those of receipts: holds are judged by shops and tills alone, and read no policies.
    rulebooks = Rulebooks()

    async with _statements(runtime.settings, "points-holds") as statements:

        async def quick(tasks: Sequence[HoldTask]) -> Sequence[HoldAnswer] | None:
            return await work_holds_at_once(statements, runtime.clock(), rulebooks, tasks)

        gather: HoldGather = Gather(
            runtime.engine, work, lanes=_LANES, linger_seconds=_LINGER_SECONDS, quick=quick
        )
        async with _running(gather):
            yield gather


def _statements(settings: ServiceSettings, name: str) -> AbstractAsyncContextManager[Statements]:
    wait_seconds = settings.database_wait_seconds_max
    return open_statements(settings.database_url, _LANES, name=name, wait_seconds=wait_seconds)


@asynccontextmanager
async def _running(gather: Gather[Any, Any]) -> AsyncIterator[None]:
    committer = asyncio.create_task(gather.run(), name="gather")
    try:
        yield
    finally:
        gather.close()
        with suppress(asyncio.CancelledError):
            await committer
