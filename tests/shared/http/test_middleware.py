"""The layer around every app: correlation, limits, metrics."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import transaction

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
JSON = {"Content-Type": "application/json"}


async def test_a_correlation_id_and_a_trace_come_in_and_go_out(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/v1/context", headers={"X-Correlation-Id": "pos-7:1", "traceparent": TRACE}
    )
    assert answer.headers["x-correlation-id"] == "pos-7:1"
    assert answer.json() == {"correlation": "pos-7:1", "trace": TRACE}


@pytest.mark.parametrize("junk", [b"", b"a b", b"\xff", b"x" * 65, b"a\nb"], ids=repr)
async def test_junk_ids_are_replaced(client: httpx.AsyncClient, junk: bytes) -> None:
    answer = await client.get("/v1/context", headers={b"x-correlation-id": junk})
    assert len(answer.headers["x-correlation-id"]) == 32
    assert answer.json()["trace"].startswith("00-")


async def test_the_trace_travels_with_the_news(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    headers = {"X-Correlation-Id": "pos-7:1", "traceparent": TRACE}
    assert (await client.post("/v1/news", headers=headers)).status_code == 200
    async with transaction(engine) as session:
        row = (await session.execute(text("SELECT correlation_id, traceparent FROM outbox"))).one()
    assert tuple(row) == ("pos-7:1", TRACE)


async def _stream(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 500


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/raw-orders", "/v1/tills"])
async def test_a_body_that_is_too_large_is_a_413_told_or_streamed(
    client: httpx.AsyncClient, path: str
) -> None:
    told = await client.post(path, content=b" " * 2_001, headers=JSON)
    streamed = await client.post(path, content=_stream(5), headers=JSON)
    for answer in (told, streamed):
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("length", [b"\xb2", b"-1", b"9" * 5_000, b"x"], ids=lambda v: repr(v[:9]))
async def test_a_length_that_is_no_number_is_a_400(
    client: httpx.AsyncClient, length: bytes
) -> None:
    headers = {**JSON, "Content-Length": length}
    answer = await client.post("/v1/orders", content=b"{}", headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded", "\xff"])
async def test_a_body_of_another_type_is_a_415(client: httpx.AsyncClient, kind: str) -> None:
    headers = {b"content-type": kind.encode("latin-1")}
    answer = await client.post("/v1/orders", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong_content_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_parameters_and_case_of_the_type_do_not_matter(
    client: httpx.AsyncClient, kind: str
) -> None:
    answer = await client.post(
        "/v1/orders", content=b'{"amount": 1}', headers={"Content-Type": kind}
    )
    assert answer.status_code == 200


async def test_a_file_of_another_type_is_told_which_are_taken(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    answer = await client.put("/v1/files/1", content=b"a,b", headers=headers)
    assert answer.status_code == 415
    assert "text/csv or application/x-ndjson" in answer.json()["detail"]


async def test_only_the_token_endpoint_takes_a_form(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/oauth/token", data={"a": "b"})
    assert answer.status_code == 404
    assert (await client.post("/v1/oauth/token", json={})).status_code == 415


def _counted(**labels: str) -> float:
    return REGISTRY.get_sample_value("galleria_http_requests_total", labels) or 0


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/v1/refusals/conflict", ("GET", "/v1/refusals/{kind}", "409")),
        ("GET", "/v1/broken/x", ("GET", "/v1/broken/{what}", "500")),
        ("GET", "/13800138000", ("GET", "unmatched", "404")),
        ("BREW-13800138000", "/", ("other", "unmatched", "404")),
        ("POST", "/v1/refusals/conflict", ("POST", "/v1/refusals/{kind}", "405")),
    ],
)
async def test_requests_are_counted_by_the_template_of_their_route(
    client: httpx.AsyncClient, method: str, path: str, labels: tuple[str, str, str]
) -> None:
    named = dict(zip(("method", "route", "status"), labels, strict=True))
    before = _counted(**named)
    await client.request(method, path)
    assert _counted(**named) == before + 1


async def test_a_client_that_hangs_up_is_no_error(app: FastAPI) -> None:
    sent: list[Any] = []
    before = _counted(method="POST", route="/v1/raw-orders", status="499")

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/raw-orders",
        "raw_path": b"/v1/raw-orders",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"9")],
    }
    await app(scope, receive, send)
    assert sent == []
    assert _counted(method="POST", route="/v1/raw-orders", status="499") == before + 1
