"""The whole app: its routes, its document, and the wall between programmes."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.api.app import ROUTERS, build_app
from services.membership.settings import MembershipSettings
from shared.db import transaction
from shared.http.depends import PRINCIPALS
from shared.ids import new_id
from tests.membership.world import World
from tests.support.clock import HandClock
from tests.support.service import make_runtime, post_signed

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
TABLES = (
    *("program", "client", "mall", "brand", "category", "shop", "till", "tier_scheme"),
    *("member", "member_identity", "member_tier", "tier_credit", "member_profile", "outbox"),
)


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{sorted(r.methods)[0]} {r.path}")
def test_every_route_names_who_may_call_it(route: APIRoute) -> None:
    principals = [d.call for d in route.dependant.dependencies if d.call in PRINCIPALS]
    assert len(principals) == 1


def _document(engine: AsyncEngine, settings: MembershipSettings, clock: HandClock) -> Any:
    return build_app(make_runtime("membership", settings, engine, clock)).openapi()


async def test_every_operation_says_what_it_does_and_shows_an_example(
    engine: AsyncEngine, settings: MembershipSettings, clock: HandClock
) -> None:
    document = _document(engine, settings, clock)
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        if not path.startswith("/v1"):
            continue
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation["description"], path
            assert operation["tags"], path
            bodies = [operation.get("requestBody", {}), operation["responses"].get("200", {})]
            for body in [*bodies, operation["responses"].get("201", {})]:
                for content in body.get("content", {}).values():
                    assert _has_example(content, schemas), f"{method} {path}"


def _has_example(content: Any, schemas: Any) -> bool:
    schema = content["schema"]
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    parts = [*schema.get("properties", {}).values()]
    return bool(content.get("examples") or schema.get("examples")) or any(
        "examples" in part or "items" in part for part in parts
    )


async def _state_of(world: World) -> dict[str, list[str]]:
    async with transaction(world.engine) as session:
        return {
            table: list(
                await session.scalars(
                    text(f"SELECT t::text FROM {table} t WHERE program_id = :p ORDER BY 1"),
                    {"p": world.program_id},
                )
            )
            for table in TABLES
        }


@dataclass
class Intruder:
    """Programme B's administrator, who knows all of A's names; `called` are the routes tried."""

    client: httpx.AsyncClient
    world: World
    names: dict[str, object]
    called: set[tuple[str, str]] = field(default_factory=set)

    async def call(
        self, method: str, route: str, body: Any = None, **names: object
    ) -> httpx.Response:
        self.called.add((method, route))
        headers = {**self.world.staff(), "Idempotency-Key": new_id().hex}
        url = route.format(**{**self.names, **names})
        return await self.client.request(method, url, json=body, headers=headers)

    async def sign(self, route: str, body: Any) -> httpx.Response:
        self.called.add(("POST", route))
        return await post_signed(self.client, self.world.clock, self.world.till, route, body)


async def _fill(client: httpx.AsyncClient, world: World) -> dict[str, object]:
    """Something of every kind in programme A. Returns its names."""
    member = await world.enrol_one()
    await world.buy(world.sale(member.member_id, 12_000))
    staff = world.staff()
    body = {"kind": "staff", "name": "A's desk", "roles": ["members"]}
    made = await client.post("/v1/clients", json=body, headers={**staff, "Idempotency-Key": "k"})
    shop = {"name": "A's shop", "mall": "riverside"}
    await client.put("/v1/brands/as-brand", json={"name": "A's"}, headers=staff)
    await client.put("/v1/categories/as-own", json={"name": "A's"}, headers=staff)
    await client.put("/v1/shops/a-1", json=shop, headers=staff)
    await client.put("/v1/shops/a-1/tills/A1", json={}, headers=staff)
    record = (await client.get(f"/v1/members/{member.member_id}", headers=staff)).json()
    return {
        "member_id": member.member_id,
        "member_number": member.member_number,
        "identity_id": record["identities"][0]["identity_id"],
        "client_id": made.json()["client_id"],
        "mall_id": world.mall_id,
        "till_id": "A1",
        "code": "a-1",
    }


_MEMBER = "/v1/members/{member_id}"
_TILL = "/v1/shops/{code}/tills/{till_id}"
_MALL = {"name": "B", "time_zone": "Asia/Tokyo", "currency": "CNY"}
_LADDER = {
    "window_days": 30,
    "tiers": [
        {"code": code, "name": code, "rank": rank, "threshold_minor": rank}
        for rank, code in enumerate(("bronze", "silver", "gold"))
    ],
}
_ENROL = {"channel": "store", "phone": "13800138000"}
# What names a thing of A's: as if it did not exist.
_UNKNOWN_THERE: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/v1/shops/{code}", None),
    ("GET", "/v1/shops/{code}/tills", None),
    ("GET", _TILL, None),
    ("GET", _TILL + "/secret", None),
    ("PUT", _TILL, {}),
    ("POST", _TILL + "/rotate-key", None),
    ("GET", _MEMBER, None),
    ("GET", _MEMBER + "/tier", None),
    ("POST", _MEMBER + "/identities", {"type": "card", "value": "VIP-1"}),
    ("DELETE", _MEMBER + "/identities/{identity_id}", None),
    ("DELETE", "/v1/clients/{client_id}", None),
    ("POST", "/v1/token-revocations", {"holder": "client", "id": "{client_id}"}),
    ("POST", "/v1/token-revocations", {"holder": "member", "id": "{member_id}"}),
)
# The same codes and the same phone are free to use there, and touch nothing of A's.
_FREE_THERE: tuple[tuple[str, str, Any], ...] = (
    ("PUT", "/v1/malls/{code}", _MALL),
    ("GET", "/v1/malls/{code}", None),
    ("PUT", "/v1/brands/{code}", {"name": "B"}),
    ("PUT", "/v1/categories/{code}", {"name": "B"}),
    ("PUT", "/v1/shops/{code}", {"name": "B", "mall": "riverside"}),
    ("PUT", "/v1/directory", {"shops": [{"code": "a-1", "name": "B", "mall": "riverside"}]}),
    ("PUT", "/v1/tier-scheme", _LADDER),
    ("GET", "/v1/tier-scheme", None),
    ("POST", "/v1/members", _ENROL),
    ("POST", "/v1/members/batch", {"items": [_ENROL]}),
    ("POST", "/v1/clients", {"kind": "staff", "name": "B", "roles": ["admin"]}),
)


async def test_another_programme_sees_and_changes_nothing_on_any_route(
    client: httpx.AsyncClient, world: World, other_world: World
) -> None:
    names = await _fill(client, world)
    before = await _state_of(world)
    intruder = Intruder(client, other_world, names)
    for method, route, body in _UNKNOWN_THERE:
        filled = {name: value.format(**names) for name, value in (body or {}).items()}
        assert (await intruder.call(method, route, body and filled)).status_code == 404, route
    for kind, code in (("brands", "as-brand"), ("categories", "as-own")):
        answer = await intruder.call("GET", f"/v1/{kind}/{{code}}", code=code)
        assert answer.status_code == 404
    for body in ({"phone": "13800138000"}, {"member_number": names["member_number"]}):
        assert (await intruder.call("POST", "/v1/members/search", body)).status_code == 404
        assert (await intruder.sign("/v1/members/lookup", body)).status_code == 404
    for kind in ("clients", "malls", "brands", "categories", "shops"):
        listed = (await intruder.call("GET", f"/v1/{kind}")).text
        for word in ("as-brand", "as-own", "a-1", names["mall_id"], names["client_id"]):
            assert str(word) not in listed
    for method, route, body in _FREE_THERE:
        answer = await intruder.call(method, route, body, code="riverside")
        assert answer.status_code < 300, route
    enrolled = await intruder.sign("/v1/members/enrol-at-till", {"phone": "13800138000"})
    assert enrolled.json()["member_id"] != str(names["member_id"])
    intruder.called.add(("POST", _MEMBER + "/code"))
    stranger = other_world.member(new_id())
    code = await client.post(f"/v1/members/{names['member_id']}/code", headers=stranger)
    assert code.status_code == 404
    assert await _state_of(world) == before
    everything = {(method, route.path) for route in ROUTES for method in route.methods}
    open_to_all = {("POST", "/v1/oauth/token"), ("GET", "/.well-known/jwks.json")}
    assert everything - intruder.called == open_to_all
