from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifications.__main__ import SERVICE
from services.notifications.settings import NotificationsSettings
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay
from tests.support.clock import HandClock
from tests.support.service import make_runtime
from tests.support.tokens import member_headers, staff_headers

DRAFT = {"title": "x", "body": "y"}
# Every route of ours, as programme B would call it to reach programme A's member and message.
CALLS: dict[tuple[str, str], Any] = {
    ("GET", "/v1/members/{member_id}/messages"): None,
    ("GET", "/v1/members/{member_id}/messages/unread-count"): None,
    ("POST", "/v1/members/{member_id}/messages/read-all"): None,
    ("POST", "/v1/members/{member_id}/messages/{message_id}/read"): None,
    ("GET", "/v1/messages"): None,
    ("GET", "/v1/messages/{message_id}"): None,
    ("GET", "/v1/templates"): None,
    ("GET", "/v1/templates/{cause}/{locale}/versions"): None,
    ("PUT", "/v1/templates/{cause}/{locale}"): DRAFT,
    ("POST", "/v1/templates/{cause}/{locale}/preview"): {},
    ("GET", "/v1/channels"): None,
    ("PUT", "/v1/channels"): {"channels": ["file"]},
}


def test_the_calls_below_are_all_the_routes_there_are(
    settings: NotificationsSettings, engine: AsyncEngine, clock: HandClock
) -> None:
    app = SERVICE.build_app(
        make_runtime("notifications", settings, engine, clock, SERVICE.handlers), ()
    )
    ours = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations
        if path.startswith("/v1/")
    }
    assert ours == set(CALLS)
    assert any(isinstance(route, APIRoute) for route in app.routes)


@pytest.mark.parametrize("kind", ["member", "staff"])
async def test_another_programme_sees_and_changes_nothing(
    hearsay: Hearsay, client: httpx.AsyncClient, kind: str
) -> None:
    member = hearsay.enrolled(member_number="987654321098")
    await hearsay.hear(hearsay.tiers(), member)
    own = staff_headers(hearsay.clock, hearsay.program_id)
    place = "/v1/templates/enrolled/en"
    await client.put(place, json={"title": "Ours", "body": "alone"}, headers=own)
    await hearsay.hear(hearsay.granted(member.member_id))
    await hearsay.send()
    rows = await hearsay.messages()
    before = (await client.get("/v1/templates", headers=own)).json()

    other = new_id()
    headers = (
        # Even a member with the very same id is another one in another programme.
        member_headers(hearsay.clock, other, member.member_id)
        if kind == "member"
        else staff_headers(hearsay.clock, other)
    )
    ids = {"member_id": member.member_id, "message_id": rows[0]["message_id"]}
    for (method, path), body in CALLS.items():
        answer = await client.request(
            method,
            path.format(**ids, cause="enrolled", locale="en"),
            params={"member_id": str(member.member_id)} if path == "/v1/messages" else None,
            json=body,
            headers=headers,
        )
        assert answer.status_code in {200, 403, 404}, (method, path)
        for secret in ("Ours", "1,200", "987654321098", str(rows[0]["message_id"])):
            assert secret not in answer.text, (method, path)
    assert await hearsay.messages() == rows
    assert (await client.get("/v1/templates", headers=own)).json() == before
    assert (await client.get("/v1/channels", headers=own)).json() == {"channels": ["inbox"]}


async def test_every_operation_is_described_with_examples(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    for (method, path), body in CALLS.items():
        operation = document["paths"][path][method.lower()]
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
        name = (answer.get("items") or answer)["$ref"].rsplit("/", 1)[1]
        assert "example" in schemas[name], (path, name)
        if body is not None:
            sent = operation["requestBody"]["content"]["application/json"]["schema"]
            assert "example" in schemas[sent["$ref"].rsplit("/", 1)[1]], path


async def test_the_invariants_are_there_for_operations(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    await hearsay.send()
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["operations"])
    report = (await client.get("/internal/invariants", headers=staff)).json()
    assert report["holds"] is True
    assert len(report["broken"]) == 5
