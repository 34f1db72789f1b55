"""The app that every service starts from."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.resources import files

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from shared.http import problems
from shared.http.depends import Runtime
from shared.http.internal import HealthCheck, Invariants, internal_router
from shared.http.middleware import Frame

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


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
    app = FastAPI(
        title=f"Galleria {title}",
        version="1.0.0",
        description=description,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        responses=problems.PROBLEM_RESPONSES,
        separate_input_output_schemas=False,
    )
    app.state.runtime = runtime
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.include_router(internal_router(invariants, runtime.handlers, health))
    problems.describe(app)
    _serve_documents(app)
    app.add_middleware(Frame, body_bytes_max=runtime.settings.body_bytes_max)
    return app


def _serve_documents(app: FastAPI) -> None:
    """Swagger UI at /docs from files of our own: a shop's network may not reach a CDN."""
    assets = str(files("fastapi_swagger").joinpath("resources"))
    app.mount("/docs/assets", StaticFiles(directory=assets), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="/docs/assets/favicon-32x32.png",
            swagger_ui_parameters={"persistAuthorization": True, "tryItOutEnabled": True},
        )
