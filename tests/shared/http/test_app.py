"""The app that every service starts from."""

import re

import httpx


async def test_the_document_page_needs_no_other_host(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert re.findall(r"(?:https?:)?//[a-z]", page) == []
    paths = set(re.findall(r'(?:src|href)="([^"]+)"', page))
    assert len(paths) == 3
    for path in paths:
        assert (await client.get(path)).status_code == 200


async def test_the_document_lists_what_every_service_has(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {
        "/health/live",
        "/health/ready",
        "/metrics",
        "/internal/invariants",
        "/internal/dead-letters",
        "/internal/dead-letters/{letter_id}/replay",
        "/internal/dead-letters/{letter_id}/discard",
    } <= set(paths)
