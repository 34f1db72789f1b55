"""The app that every service starts from."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from shared.db import open_statements
from shared.http import problems
from shared.http.depends import Runtime
from shared.http.direct import DirectRoute
from shared.http.direct_frame import DirectFrame
from shared.http.documents import describe, serve_documents
from shared.http.internal import HealthCheck, Invariants, internal_router
from shared.http.middleware import Frame
from shared.http.revocations import follow_revocations

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class _App(FastAPI):
    """FastAPI, beside which direct routes are answered: its layers cost more than they do."""

    direct: DirectFrame | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.direct is None or not await self.direct.answer(scope, receive, send):
            await super().__call__(scope, receive, send)


def create_app(
    runtime: Runtime,
    *,
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    invariants: Invariants,
    lifespan: Lifespan | None = None,
    health: Sequence[HealthCheck] = (),
) -> FastAPI:
    """An app with the house's problems, limits, health, metrics and self-hosted documents."""
    app = _App(
        title=f"Galleria {title}",
        version="1.0.0",
        description=description,
        docs_url=None,
        redoc_url=None,
        lifespan=_with_reads(runtime, lifespan),
        redirect_slashes=False,
        responses=problems.PROBLEM_RESPONSES,
        separate_input_output_schemas=False,
    )
    app.state.runtime = runtime
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.include_router(internal_router(invariants, runtime.handlers, health))
    describe(app, runtime.clock)
    serve_documents(app)
    body_bytes_max = runtime.settings.body_bytes_max
    app.add_middleware(Frame, body_bytes_max=body_bytes_max)
    app.direct = DirectFrame(app, body_bytes_max, _direct_routes(routers))
    return app


def _direct_routes(routers: Sequence[APIRouter]) -> dict[tuple[str, str], DirectRoute]:
    return {
        (method, route.path): route
        for router in routers
        for route in router.routes
        if isinstance(route, DirectRoute)
        for method in route.methods or ()
    }


def _with_reads(runtime: Runtime, inner: Lifespan | None) -> Lifespan:
    """The app's life: connections for reads, revoked tokens, and whatever the service adds."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            settings = runtime.settings
            app.state.reads = await stack.enter_async_context(
                open_statements(
                    settings.database_url,
                    settings.database_read_pool_size,
                    read_only=True,
                    wait_seconds=settings.database_wait_seconds_max,
                )
            )
            await stack.enter_async_context(follow_revocations(runtime))
            if inner is not None:
                await stack.enter_async_context(inner(app))
            yield

    return lifespan
