"""Direct routes are answered beside the app, and nobody outside can tell."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import REGISTRY

from shared.http.app import create_app
from shared.http.depends import Public, Runtime
from shared.http.direct import DirectRoute
from shared.logs import correlation_id
from tests.shared.http.conftest import REFUSALS, no_invariants

direct = APIRouter(prefix="/v1/direct", route_class=DirectRoute)


@direct.post("", status_code=201)
async def say(request: Request, _: Public) -> Response:
    body = await request.body()
    if body == b'"break"':
        raise RuntimeError("13800138000")
    if body == b'"refuse"':
        raise REFUSALS["conflict"]
    service = request.app.state.runtime.service
    return Response(f"{service} {correlation_id.get()}", 201)


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    return create_app(
        runtime, title="bells", description="Bells.", routers=[direct], invariants=no_invariants
    )


async def post(client: httpx.AsyncClient, body: str, **headers: Any) -> httpx.Response:
    sent = {"content-type": "application/json", "x-correlation-id": "c-1", **headers}
    return await client.post("/v1/direct", content=body, headers=sent)


async def test_the_endpoint_knows_the_app_and_the_caller_hears_the_correlation_id(
    client: httpx.AsyncClient,
) -> None:
    answer = await post(client, '"hello"')
    assert (answer.status_code, answer.text) == (201, "bells c-1")
    assert answer.headers.get_list("x-correlation-id") == ["c-1"]


async def test_refusals_and_what_nobody_foresaw_are_problems(client: httpx.AsyncClient) -> None:
    refused, broken = await post(client, '"refuse"'), await post(client, '"break"')
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (broken.status_code, broken.json()["code"]) == (500, "internal_error")
    assert "138" not in broken.text
    assert broken.headers["x-correlation-id"] == broken.json()["correlation_id"] == "c-1"


async def test_bodies_that_are_too_large_or_of_another_kind_are_refused(
    client: httpx.AsyncClient,
) -> None:
    large = await post(client, "x" * 2_001)
    other = await post(client, "a=b", **{"content-type": "application/x-www-form-urlencoded"})
    assert (large.status_code, other.status_code) == (413, 415)

    async def pour() -> Any:
        for _ in range(3):
            yield b"x" * 1_000

    headers = {"content-type": "application/json"}
    poured = await client.post("/v1/direct", content=pour(), headers=headers)
    assert (poured.status_code, poured.json()["code"]) == (413, "body_too_large")


async def test_answers_are_counted_by_route_and_status(client: httpx.AsyncClient) -> None:
    def counted(status: int) -> float:
        labels = {"method": "POST", "route": "/v1/direct", "status": str(status)}
        return REGISTRY.get_sample_value("galleria_http_requests_total", labels) or 0

    before = counted(201), counted(409)
    await post(client, '"hello"')
    await post(client, '"refuse"')
    assert (counted(201), counted(409)) == (before[0] + 1, before[1] + 1)


async def test_other_methods_of_a_direct_path_are_the_apps(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/direct")
    assert answer.status_code == 405
