"""Every route of every service says who may call it, and is described."""

from importlib import import_module
from pathlib import Path

import pytest
from fastapi import FastAPI

from shared.clock import utc_now
from shared.db import create_engine
from shared.http.depends import PRINCIPALS, Runtime
from shared.http.documents import calls_of, routes_of
from shared.process import ServiceDefinition
from tests.support.service import make_settings
from tests.support.tokens import make_verifier

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"


def build_app(service: str) -> FastAPI:
    """The service's app, without anything that it talks to."""
    definition: ServiceDefinition = import_module(f"services.{service}.__main__").SERVICE
    settings = make_settings(definition.settings, NOWHERE)
    engine = create_engine(NOWHERE, 1)
    runtime = Runtime(
        service, settings, engine, utc_now, make_verifier(utc_now), definition.handlers
    )
    return definition.build_app(runtime, ())


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_has_exactly_one_principal(service: str) -> None:
    app = build_app(service)
    routes = list(routes_of(app))
    for route in routes:
        found = [call for call in calls_of(route.dependant) if call in PRINCIPALS]
        assert len(found) == 1, f"{route.methods} {route.path_format}: {found}"
    walked = {(route.path_format, m.lower()) for route in routes for m in route.methods}
    described = app.openapi()["paths"]
    assert walked == {(path, method) for path, item in described.items() for method in item}


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_described_and_filed(service: str) -> None:
    for path, item in build_app(service).openapi()["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation.get("summary"), where
            assert operation.get("description"), where
            assert operation.get("tags"), where


@pytest.mark.parametrize("service", SERVICES)
def test_every_path_is_versioned_or_for_operators(service: str) -> None:
    for path in build_app(service).openapi()["paths"]:
        assert path.startswith(("/v1/", "/internal/", "/health/", "/.well-known/")) or (
            path == "/metrics"
        ), path
