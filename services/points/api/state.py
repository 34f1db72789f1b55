"""What points' app carries: the group committer of receipts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta

from fastapi import FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts import Bounds
from services.points.settings import PointsSettings
from services.points.storage.directory import PolicyShelf
from services.points.storage.pos_batch import Answer, TillBatch
from services.points.usecases.record_plain_sales import record_plain_sales
from services.points.usecases.record_pos_transactions import record_pos_transactions
from shared.db import open_statements
from shared.gather import Gather
from shared.http.depends import Runtime, runtime_of

PosGather = Gather[TillBatch, Answer]


def settings_of(request: Request) -> PointsSettings:
    """The settings of this process."""
    settings = runtime_of(request).settings
    assert isinstance(settings, PointsSettings)
    return settings


def gather_of(request: Request) -> PosGather:
    """The one committer of receipts of this process."""
    found: PosGather = request.app.state.pos_gather
    return found


def gathering(runtime: Runtime) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The app's lifespan: the committer runs from the first request to the last answer."""
    settings = runtime.settings
    assert isinstance(settings, PointsSettings)
    bounds = Bounds(
        timedelta(seconds=settings.purchase_future_seconds_max),
        timedelta(days=settings.purchase_late_days_max),
    )

    shelf = PolicyShelf()

    async def work(session: AsyncSession, batches: Sequence[TillBatch]) -> Sequence[Answer]:
        return await record_pos_transactions(session, runtime.clock(), bounds, batches)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_statements(settings.database_url, 1, name="points-sales") as statements:

            async def quick(batches: Sequence[TillBatch]) -> Sequence[Answer] | None:
                return await record_plain_sales(statements, runtime.clock(), bounds, shelf, batches)

            gather: PosGather = Gather(
                runtime.engine, work, weight_max=settings.batch_items_max, quick=quick
            )
            app.state.pos_gather = gather
            committer = asyncio.create_task(gather.run(), name="pos-gather")
            try:
                yield
            finally:
                gather.close()
                with suppress(asyncio.CancelledError):
                    await committer

    return lifespan
