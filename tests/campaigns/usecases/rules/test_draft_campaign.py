"""New drafts, once a request."""

import asyncio
from typing import Any

from tests.campaigns.world import World, multiply

SPEC: dict[str, Any] = {
    "name": {"zh": "双倍", "en": "Double"},
    "starts_at": "2026-03-01T00:00:00+08:00",
    "ends_at": "2026-04-01T00:00:00+08:00",
    "rule": multiply(),
}


async def test_the_same_request_drafts_once_even_at_once(world: World) -> None:
    headers = {**world.staff(), "Idempotency-Key": "draft-1"}
    answers = await asyncio.gather(
        *(world.client.post("/v1/campaigns", json=SPEC, headers=headers) for _ in range(5))
    )
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["campaign_id"] for a in answers}) == 1
    assert answers[0].json()["status"] == "draft"


async def test_a_key_without_or_for_something_else_is_refused(world: World) -> None:
    missing = await world.client.post("/v1/campaigns", json=SPEC, headers=world.staff())
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_missing")
    headers = {**world.staff(), "Idempotency-Key": "draft-1"}
    await world.client.post("/v1/campaigns", json=SPEC, headers=headers)
    other = await world.client.post(
        "/v1/campaigns", json={**SPEC, "rule": multiply(3000)}, headers=headers
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
