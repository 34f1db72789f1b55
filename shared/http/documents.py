"""The OpenAPI document and the pages that show it, served from files of our own."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from shared.clock import Clock
from shared.http.depends import PRINCIPALS, TILL_SCHEMES
from shared.http.examples import move_days, name_ids, restore_nulls
from shared.http.problems import MEDIA_TYPE

_SCHEMES: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "From membership's POST /v1/oauth/token. Refused with 401: one that is not "
        "ours or has ended (`token_invalid`), one that was revoked (`token_revoked`), and one that "
        "was issued for longer than is allowed here (`token_lives_too_long`).",
    },
    **{
        name: {"type": "apiKey", "in": "header", "name": name, "description": text}
        for name, text in TILL_SCHEMES.items()
    },
}


def describe(app: FastAPI, clock: Clock) -> None:
    """Have the document give problems under their media type, each route's principal, and
    examples that are whole and of the days before the document was made."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            for path in document["paths"].values():
                for operation in path.values():
                    _name_problems(operation)
            _name_principals(app, document)
            restore_nulls(document)
            name_ids(document)
            move_days(document, clock().date())
        return plain()

    app.openapi = openapi  # type: ignore[method-assign]


def _name_problems(operation: dict[str, Any]) -> None:
    for response in operation["responses"].values():
        content = response.get("content", {})
        if MEDIA_TYPE in content and "application/json" in content:
            content[MEDIA_TYPE] = content.pop("application/json")


def _name_principals(app: FastAPI, document: dict[str, Any]) -> None:
    used: set[str] = set()
    for route in routes_of(app):
        schemes = [s for call in calls_of(route.dependant) for s in PRINCIPALS.get(call, ())]
        used.update(schemes)
        for method in route.methods if schemes else ():
            operation = document["paths"][route.path_format][method.lower()]
            operation["security"] = [{scheme: [] for scheme in schemes}]
    components = document.setdefault("components", {})
    components.setdefault("securitySchemes", {}).update({s: _SCHEMES[s] for s in sorted(used)})


def routes_of(app: FastAPI) -> Iterator[Any]:
    """Routes with their path, methods and dependencies, those of included routers too."""
    for route in app.routes:
        if hasattr(route, "effective_route_contexts"):
            yield from route.effective_route_contexts()
        elif getattr(route, "include_in_schema", False) and hasattr(route, "dependant"):
            yield route


def calls_of(dependant: Dependant) -> Iterator[Any]:
    """Every dependency, however deep."""
    for each in dependant.dependencies:
        yield each.call
        yield from calls_of(each)


def serve_documents(app: FastAPI) -> None:
    """Swagger UI at /docs: a shop's network may not reach a CDN."""
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
