"""Two programmes never see or change each other's things, whatever the route."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi.routing import APIRoute
from sqlalchemy import text

from services.campaigns.api.app import ROUTERS
from services.campaigns.tables import metadata
from shared.db import transaction
from shared.ids import new_id
from tests.campaigns.usecases.rules.test_draft_campaign import SPEC
from tests.campaigns.world import World, paper, spend

ROUTES = {
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
}
CAMPAIGN, GRANT = "/v1/campaigns/{campaign_id}", "/v1/grants/{grant_id}"
CAMPAIGNS, CLAIMS, GRANTS = "/v1/campaigns", CAMPAIGN + "/claims", "/v1/members/{member_id}/grants"


@dataclass
class Intruder:
    """Somebody of another programme who knows all ids of this; `called` are the routes tried."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    names: dict[str, Any]
    called: set[tuple[str, str]] = field(default_factory=set)

    async def call(self, method: str, route: str, body: Any = None) -> httpx.Response:
        self.called.add((method, route))
        headers = {**self.headers, "Idempotency-Key": new_id().hex}
        url = route.format(**self.names)
        return await self.client.request(method, url, json=body, headers=headers)


@dataclass(frozen=True)
class Ours:
    """What a programme has: the names of its things, and a claim as its desk would make it."""

    names: dict[str, Any]
    claim: dict[str, Any]


async def _fill(world: World) -> Ours:
    """A gift, a live campaign, a member with a receipt, and a gift granted for it."""
    await world.put_gift("theirs")
    campaign_id = await world.publish(spend(reward={"kind": "gift", "gift_sku": "theirs"}))
    member_id = (await world.enrol()).member_id
    sale = world.sale(200_000, member_id)
    await world.tell(sale)
    claimed = await world.claim(campaign_id, sale, member_id=str(member_id))
    names = {
        "campaign_id": campaign_id,
        "member_id": member_id,
        "grant_id": claimed["grant_id"],
        "sku": "theirs",
    }
    return Ours(names, {"mall_id": str(world.mall_id), "receipts": [paper(sale)]})


async def _state_of(world: World) -> dict[str, list[str]]:
    """Every row of the programme, as text."""
    async with transaction(world.engine) as session:
        return {
            table.name: list(
                await session.scalars(
                    text(f"SELECT t::text FROM {table.name} t WHERE program_id = :p ORDER BY 1"),
                    {"p": world.program_id},
                )
            )
            for table in metadata.tables.values()
            if "program_id" in table.columns
        }


async def test_another_programmes_staff_see_and_change_nothing_on_any_route(world: World) -> None:
    ours = await _fill(world)
    before = await _state_of(world)
    other = World(world.engine, world.client, world.clock)
    await other.open()
    intruder = Intruder(world.client, other.staff("admin"), ours.names)
    for method, route, body in (
        ("GET", CAMPAIGN, None),
        ("PUT", CAMPAIGN + "/draft", SPEC),
        ("POST", CAMPAIGN + "/publish", None),
        ("POST", CAMPAIGN + "/end", None),
        ("POST", CLAIMS, ours.claim),
        ("POST", CLAIMS, {**ours.claim, "member_id": str(ours.names["member_id"])}),
        ("GET", CLAIMS, None),
        ("GET", "/v1/gifts/{sku}", None),
        ("GET", GRANT, None),
        ("POST", GRANT + "/issue", {"mall_id": str(world.mall_id)}),
    ):
        answer = await intruder.call(method, route, body)
        assert answer.status_code == 404, f"{method} {route}: {answer.text}"
    for route in (CAMPAIGNS, GRANTS):
        assert (await intruder.call("GET", route)).json()["items"] == []
    stock = {"name": {"zh": "包", "en": "Bag"}, "stock": [{"initial": 99}]}
    assert (await intruder.call("PUT", "/v1/gifts/{sku}", stock)).status_code == 200
    assert (await intruder.call("POST", CAMPAIGNS, SPEC)).status_code == 201
    assert await _state_of(world) == before
    assert intruder.called == ROUTES


async def test_another_programmes_member_of_the_same_id_sees_nothing(world: World) -> None:
    ours = await _fill(world)
    other = World(world.engine, world.client, world.clock)
    await other.open()
    for member_id in (new_id(), ours.names["member_id"]):
        intruder = Intruder(world.client, other.card(member_id), ours.names)
        assert (await intruder.call("GET", GRANT)).status_code == 404
        listed = await intruder.call("GET", GRANTS)
        assert listed.status_code == 404 or listed.json()["items"] == []


async def test_a_receipt_of_another_programme_earns_nothing_at_ones_own_desk(world: World) -> None:
    ours = await _fill(world)
    other = World(world.engine, world.client, world.clock)
    await other.open()
    await other.put_gift()
    campaign_id = await other.publish(spend())
    intruder = Intruder(world.client, other.staff("admin"), {"campaign_id": campaign_id})
    body = {**ours.claim, "mall_id": str(other.mall_id)}
    answer = (await intruder.call("POST", CLAIMS, body)).json()
    assert (answer["decision"], answer["reason"]) == ("refused", "receipt_unknown")
