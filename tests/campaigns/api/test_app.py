"""The doors: who may pass, what they see, and what they say of themselves."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from services.campaigns.api.app import ROUTERS, build_app
from services.campaigns.settings import CampaignsSettings
from shared.ids import new_id
from tests.campaigns.usecases.rules.test_draft_campaign import SPEC
from tests.campaigns.world import World, paper, spend
from tests.support.service import make_runtime, make_settings


@pytest.fixture
def openapi(world: World) -> dict[str, Any]:
    settings = make_settings(CampaignsSettings, "postgresql://unused")
    app = build_app(make_runtime("campaigns", settings, world.engine, world.clock))
    return app.openapi()


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in openapi["paths"].items():
        if path.startswith("/v1/"):
            for method, operation in methods.items():
                yield f"{method.upper()} {path}", operation


def resolve(openapi: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = openapi["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def test_every_operation_explains_itself_with_examples(openapi: dict[str, Any]) -> None:
    count = 0
    for name, operation in operations(openapi):
        count += 1
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert resolve(openapi, schema).get("examples"), name
        good = next(code for code in operation["responses"] if code.startswith("2"))
        schema = operation["responses"][good]["content"]["application/json"]["schema"]
        assert resolve(openapi, schema).get("examples"), name
    assert count == sum(isinstance(r, APIRoute) for router in ROUTERS for r in router.routes)


async def test_documented_specs_are_accepted_and_published(
    world: World, openapi: dict[str, Any]
) -> None:
    for number, example in enumerate(openapi["components"]["schemas"]["CampaignSpec"]["examples"]):
        answer = await world.client.post(
            "/v1/campaigns",
            json=example,
            headers={**world.staff(), "Idempotency-Key": f"example-{number}"},
        )
        assert answer.status_code == 201, answer.text


async def test_roles_malls_and_kinds_of_callers(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend())
    body = {"mall_id": str(world.mall_id), "receipts": [paper(world.sale(1))]}
    once = {"Idempotency-Key": "k"}
    path = f"/v1/campaigns/{campaign}/claims"

    async def code(headers: dict[str, str]) -> str:
        answer = await world.client.post(path, json=body, headers={**headers, **once})
        assert answer.status_code in (401, 403)
        return str(answer.json()["code"])

    assert await code({}) == "token_missing"
    assert await code(world.staff("campaigns")) == "role_missing"
    assert await code(world.card(new_id())) == "wrong_principal"
    elsewhere = world.staff("desk", malls=[world.other_mall_id])
    assert await code(elsewhere) == "mall_out_of_scope"
    listed = await world.client.get("/v1/campaigns", headers=world.staff("operations"))
    assert (listed.status_code, listed.json()["code"]) == (403, "role_missing")


async def test_a_member_sees_their_own_grants_only(world: World) -> None:
    await world.put_gift()
    await world.publish(spend(grant="automatic"))
    member, other = await world.enrol(), await world.enrol()
    await world.tell(world.sale(180000, member.member_id))
    path = f"/v1/members/{member.member_id}/grants"
    own = await world.client.get(path, headers=world.card(member.member_id))
    (grant,) = own.json()["items"]
    one = f"/v1/grants/{grant['grant_id']}"
    mine = await world.client.get(one, headers=world.card(member.member_id))
    assert mine.json() == grant
    for address in (path, one):
        answer = await world.client.get(address, headers=world.card(other.member_id))
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "rule",
    [
        {"member_threshold_minor": True},
        {"member_threshold_minor": 1.0},
        {"member_threshold_minor": "5"},
        {"member_threshold_minor": 0},
        {"member_threshold_minor": 10**30},
        {"reward": {"kind": "gift"}},
        {"scope": {"brands": ["\x00"]}},
        {"surprise": 1},
        {"kind": "points_multiplier"},
    ],
)
async def test_a_spec_that_breaks_the_schema_is_422(world: World, rule: dict[str, Any]) -> None:
    answer = await world.client.post(
        "/v1/campaigns",
        json={**SPEC, "rule": spend(**rule)},
        headers={**world.staff(), "Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": 5},
        {"starts_at": "2026-03-01T00:00:00"},
        {"ends_at": "2026-02-01T00:00:00Z"},
        {"rule": {"kind": "points_multiplier", "factor_thousandths": 1000}},
        {
            "rule": {
                "kind": "points_multiplier",
                "factor_thousandths": 2000,
                "from_time": "10:00",
            }
        },
        {"name": {"zh": "双倍\x00", "en": "x"}},
    ],
)
async def test_bad_times_and_names_are_422(world: World, change: dict[str, Any]) -> None:
    answer = await world.client.post(
        "/v1/campaigns",
        json={**SPEC, **change},
        headers={**world.staff(), "Idempotency-Key": "k"},
    )
    assert answer.status_code == 422, answer.text


async def test_lists_come_in_pages(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend())
    await world.publish(spend())
    first = await world.client.get("/v1/campaigns?limit=1", headers=world.staff())
    assert len(first.json()["items"]) == 1
    second = await world.client.get(
        f"/v1/campaigns?limit=1&cursor={first.json()['next']}", headers=world.staff()
    )
    assert second.json()["next"] is None
    sales = [world.sale(1) for _ in range(3)]
    await world.tell(*sales)
    for sale in sales:
        await world.claim(campaign, sale, desk="L1")
    path = f"/v1/campaigns/{campaign}/claims?limit=2"
    book = (await world.client.get(path, headers=world.staff("desk"))).json()
    rest = (await world.client.get(f"{path}&cursor={book['next']}", headers=world.staff())).json()
    lines = book["items"] + rest["items"]
    assert [one["receipts"][0]["receipt_number"] for one in lines] == [
        s.receipt_number for s in sales
    ]
    assert {(x["staff"], x["desk"], x["quantity"], x["gift_sku"]) for x in lines} == {
        ("staff-1", "L1", 0, "tote")
    }
    elsewhere = await world.client.get(
        path, headers=world.staff("desk", malls=[world.other_mall_id])
    )
    assert elsewhere.json()["items"] == []


async def test_the_same_card_or_receipt_twice_is_422(world: World) -> None:
    sale = paper(world.sale(1))
    for body in (
        {"receipts": [sale, sale]},
        {"receipts": [sale], "member_id": str(new_id()), "member_number": "482913750264"},
        {"receipts": [{**sale, "business_date": 20260310}]},
        {"receipts": []},
    ):
        answer = await world.client.post(
            f"/v1/campaigns/{new_id()}/claims",
            json={"mall_id": str(world.mall_id), **body},
            headers={**world.staff("desk"), "Idempotency-Key": "k"},
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_member_code_of_somebody_else_is_refused(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend())
    answer = await world.client.post(
        f"/v1/campaigns/{campaign}/claims",
        json={
            "mall_id": str(world.mall_id),
            "member_code": "A" * 52,
            "receipts": [paper(world.sale(1))],
        },
        headers={**world.staff("desk"), "Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "member_code_refused")
