"""The OpenAPI document of membership keeps its word."""

from collections.abc import Mapping

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.api.app import build_app
from services.membership.settings import MembershipSettings
from shared.auth import derive_till_secret, till_headers
from shared.ids import new_id
from tests.membership.world import World
from tests.support.clock import HandClock
from tests.support.schema_checks import check_schema
from tests.support.service import DEPLOYMENT_KEY, make_runtime

TILL_PATHS = ("/v1/members/enrol-at-till", "/v1/members/lookup")
CODE = "river-2"


async def _fill(client: httpx.AsyncClient, world: World) -> dict[str, str]:
    """A thing of every kind by one code, so that paths can name it; its till signs nothing."""
    member = await world.enrol_one()
    await world.buy(world.sale(member.member_id, 12_000))
    staff = world.staff()
    mall = {"name": "East", "time_zone": "Asia/Shanghai", "currency": "CNY"}
    for path, body in (
        (f"malls/{CODE}", mall),
        (f"brands/{CODE}", {"name": "Brand"}),
        (f"categories/{CODE}", {"name": "Category"}),
        (f"shops/{CODE}", {"name": "Shop", "mall": CODE}),
        (f"shops/{CODE}/tills/T2", {}),
    ):
        answer = await client.put(f"/v1/{path}", json=body, headers=staff)
        assert answer.status_code == 200, answer.text
    wanted = {"kind": "service", "name": "Front", "roles": ["front_end"]}
    made = await client.post("/v1/clients", json=wanted, headers={**staff, "Idempotency-Key": "k"})
    record = (await client.get(f"/v1/members/{member.member_id}", headers=staff)).json()
    return {
        "code": CODE,
        "till_id": "T2",
        "member_id": str(member.member_id),
        "identity_id": record["identities"][0]["identity_id"],
        "client_id": made.json()["client_id"],
    }


async def test_the_document_keeps_its_word_to_staff_services_members_and_tills(
    client: httpx.AsyncClient,
    world: World,
    engine: AsyncEngine,
    settings: MembershipSettings,
    clock: HandClock,
) -> None:
    known = await _fill(client, world)
    till = world.till
    secret = derive_till_secret(DEPLOYMENT_KEY, till.program_id, till.shop_id, till.till_id, 1)
    seconds = int(clock().timestamp())

    def as_staff(method: str, path: str, body: bytes) -> Mapping[str, str]:
        if path in TILL_PATHS:
            return till_headers(secret, till, new_id().hex, seconds, path, body)
        if path == "/v1/oauth/token":
            return {}
        return {**world.staff(), "Idempotency-Key": new_id().hex}

    def as_service(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return world.service("front_end")

    def as_member(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return world.member(member_id)

    def as_nobody(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return {}

    member_id = (await world.enrol_one()).member_id
    document = build_app(make_runtime("membership", settings, engine, clock)).openapi()
    assert await check_schema(client, document, as_staff, known=known, examples=12) > 250
    assert await check_schema(client, document, as_service, known=known, examples=3) > 60
    assert await check_schema(client, document, as_member, known=known, examples=3) > 60
    assert await check_schema(client, document, as_nobody, known=known, examples=3) > 60
