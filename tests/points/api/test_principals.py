"""Whose malls and shops a thing is of decides which staff may touch it, on every route."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.points.api.app import build_app
from services.points.settings import PointsSettings
from shared.http.depends import current_staff, member_or_staff, staff_or_service
from shared.http.documents import calls_of, routes_of
from shared.ids import new_id
from tests.architecture.test_examples import examples_of
from tests.points.api.test_schemathesis import known_things
from tests.points.mall import Mall
from tests.points.wallets_at_hand import state_stars
from tests.support.service import make_runtime
from tests.support.tokens import service_headers, staff_headers

M = "/v1/members/{member_id}"
CARDS = "/v1/shops/{shop_id}/staff-cards"
# What holds for all malls, and what is done to a member, who is of all malls.
OF_THE_PROGRAMME = {
    "POST /v1/earning-policies",
    "POST /v1/earning-policies/{version}/withdrawal",
    "POST /v1/redemption-policies",
    "POST /v1/redemption-policies/{version}/withdrawal",
    "POST /v1/activity-rules",
    "PUT /v1/adjustment-rules",
    "PUT /v1/review-rules",
    "PUT /v1/wallets/{wallet}",
    f"POST {M}/adjustments",
    f"POST {M}/debt-write-offs",
    "GET /v1/adjustments",
    "POST /v1/adjustments/{adjustment_id}/approval",
    "POST /v1/adjustments/{adjustment_id}/rejection",
    f"POST {M}/expiry-changes",
    f"POST {M}/activation-events",
    f"POST {M}/freezes",
    f"POST {M}/freezes/{{case_id}}/thaw",
    f"POST {M}/transfers/{{transfer_id}}/cancellation",
    "POST /v1/merges",
    "GET /v1/merges/{merge_id}",
    "POST /v1/merges/{merge_id}/undo",
    "GET /v1/nights",
    "GET /v1/liability",
    "POST /v1/liability/rebuilds",
    "POST /v1/clearing/prices",
    "GET /v1/clearing/prices",
    "GET /v1/clearing",
    "POST /v1/clearing/statements",
    "GET /v1/clearing/statements",
    "GET /v1/clearing/statements/{statement_id}",
    "POST /v1/exports",
    "GET /v1/exports/{export_id}",
    "GET /v1/exports/{export_id}/file",
    "POST /v1/imports",
    "GET /v1/imports/{import_id}",
    "PUT /v1/imports/{import_id}/parts/{part_number}",
    "POST /v1/imports/{import_id}/checks",
    "POST /v1/imports/{import_id}/commits",
    "GET /v1/imports/{import_id}/errors",
    "GET /internal/invariants",
    "GET /internal/dead-letters",
    "POST /internal/dead-letters/{letter_id}/replay",
    "POST /internal/dead-letters/{letter_id}/discard",
}
# What has a shop or a mall: those who may touch that, and no others.
OF_A_PLACE = {
    "GET /v1/cases",
    "POST /v1/cases/{case_id}/approval",
    "POST /v1/cases/{case_id}/rejection",
    "GET /v1/payment-mismatches",
    "POST /v1/payment-mismatches/{transaction_id}/settlement",
    f"GET {CARDS}",
    f"PUT {CARDS}/{{cashier_id}}",
    f"DELETE {CARDS}/{{cashier_id}}",
    f"GET {CARDS}/{{cashier_id}}/changes",
    f"POST {M}/activations",
    f"POST {M}/receipt-claims",
    f"POST {M}/wallets/{{wallet}}/redemptions",
    "POST /v1/activities",
    "POST /v1/quotes",
}
# A member's own things, of all malls, and the programme's rules: a role is enough to read them.
READ = {
    f"GET {M}/points",
    f"GET {M}/points/expiring",
    f"GET {M}/postings",
    f"GET {M}/postings/{{version}}",
    f"GET {M}/postings/{{version}}/lot-changes",
    f"GET {M}/receipts",
    f"GET {M}/activities",
    f"GET {M}/adjustments",
    f"GET {M}/freezes",
    f"GET {M}/holds",
    f"GET {M}/transfers",
    f"GET {M}/transfers/{{transfer_id}}",
    f"GET {M}/wallets",
    f"GET {M}/wallets/{{wallet}}/postings",
    f"GET {M}/wallets/{{wallet}}/postings/{{version}}",
    f"GET {M}/wallets/{{wallet}}/postings/{{version}}/lot-changes",
    f"POST {M}/statement-exports",
    f"GET {M}/pools",
    "GET /v1/pools/{pool_id}",
    "GET /v1/earning-policies",
    "GET /v1/redemption-policies",
    "GET /v1/activity-rules",
    "GET /v1/adjustment-rules",
    "GET /v1/review-rules",
    f"GET {M}/wallets/{{wallet}}/expiring",
    "GET /v1/wallets",
    "GET /v1/wallets/{wallet}/versions",
}


@pytest.fixture
def app(mall: Mall, settings: PointsSettings) -> FastAPI:
    return build_app(make_runtime("points", settings, mall.engine, mall.clock))


def scoped(mall: Mall, **places: Any) -> dict[str, str]:
    """Headers of somebody with every role, for some places only."""
    headers = staff_headers(mall.clock, mall.program_id, **places)
    return {**headers, "Idempotency-Key": new_id().hex}


def test_every_route_for_staff_says_here_for_which_of_them(app: FastAPI) -> None:
    doors = {current_staff, member_or_staff, staff_or_service}
    found = {
        f"{method} {route.path_format}"
        for route in routes_of(app)
        for method in route.methods
        if doors & set(calls_of(route.dependant))
    }
    assert found == OF_THE_PROGRAMME | OF_A_PLACE | READ


async def ask(
    mall: Mall, app: FastAPI, route: str, known: dict[str, Any], headers: dict[str, str]
) -> httpx.Response:
    """The route's own example, sent to what is there."""
    method, path = route.split()
    document = app.openapi()
    operation = document["paths"][path][method.lower()]
    media = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = None
    if media is not None:
        shown = [one["value"] for one in media.get("examples", {}).values()]
        body = (shown or examples_of(document, media["schema"]))[0]
    address = path.format(**{"letter_id": 1, **known})
    needed = {p["name"] for p in operation.get("parameters", ()) if p["required"]}
    query = {name: "2026-03-01" for name in ("first_day", "last_day") if name in needed}
    return await mall.client.request(method, address, json=body, params=query, headers=headers)


async def test_staff_of_some_malls_touch_nothing_of_the_whole_programme(
    mall: Mall, app: FastAPI
) -> None:
    known = await known_things(mall, await mall.enrol())
    for places in ({"mall_ids": [mall.mall_id]}, {"shop_ids": [mall.shop_id]}):
        for route in sorted(OF_THE_PROGRAMME):
            answer = await ask(mall, app, route, known, scoped(mall, **places))
            said = answer.status_code, answer.json().get("code")
            assert said == (403, "whole_programme_only"), (route, answer.text)


async def test_staff_of_some_malls_read_members_and_rules(mall: Mall, app: FastAPI) -> None:
    known = await known_things(mall, await mall.enrol())
    for route in sorted(READ):
        answer = await ask(mall, app, route, known, scoped(mall, mall_ids=[new_id()]))
        assert answer.status_code in (200, 202), (route, answer.text)


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("/v1/earning-policies", {"points.policy", "points.read"}),
        ("/v1/redemption-policies", {"points.policy", "points.read"}),
        ("/v1/activity-rules", {"points.policy", "points.read"}),
        ("/v1/adjustment-rules", {"points.policy", "points.read"}),
        ("/v1/review-rules", {"points.policy", "points.cases"}),
        ("/v1/wallets", {"points.policy", "points.read"}),
        ("/v1/wallets/stars/versions", {"points.policy", "points.read"}),
    ],
)
async def test_who_states_rules_reads_what_stands_and_so_does_who_looks_at_what_it_made(
    mall: Mall, path: str, roles: set[str]
) -> None:
    await state_stars(mall)
    for role in ("points.policy", "points.read", "points.cases", "desk"):
        answer = await mall.client.get(path, headers=mall.staff(role))
        assert answer.status_code == (200 if role in roles else 403), (role, answer.text)
    refused = answer.json()  # Names all that are enough, and as one the narrower.
    assert all(role in refused["detail"] for role in roles), refused
    assert refused["role"] == (roles - {"points.policy"}).pop()


async def asked_of_places(mall: Mall, member_id: UUID) -> list[tuple[str, str, Any]]:
    """Each route of a place, about something of the mall's only shop."""
    await mall.set_policy(pending={"mode": "days", "days": 7})
    await state_stars(mall)
    stars = {"points": 50, "reason_code": "x", "note": "x", "wallet": "stars"}
    await mall.post(f"/v1/members/{member_id}/adjustments", stars, None, "stars")
    rule = {"kind": "visit", "effective_from": "2026-01-01T00:00:00Z", "points": 5}
    assert (await mall.post("/v1/activity-rules", rule)).status_code == 201
    sold = (await mall.push(mall.sale(100_00, member_id=member_id))).json()
    nobodys = await mall.sold(5_000)
    claim = {k: nobodys[k] for k in ("shop_id", "till_id", "receipt_number", "business_date")}
    lines = [{"line_number": 1, "category": "fresh", "amount_minor": 100}]
    me, cards = f"/v1/members/{member_id}", f"/v1/shops/{mall.shop_id}/staff-cards"
    why = {"reason_code": "x", "note": "x"}
    return [
        ("GET", cards, None),
        ("PUT", f"{cards}/C1", {"member_id": str(member_id)}),
        ("DELETE", f"{cards}/C1", None),
        ("GET", f"{cards}/C1/changes", None),
        ("POST", f"{me}/activations", {"source_id": sold["pos_transaction_id"], **why}),
        ("POST", f"{me}/receipt-claims", {**claim, "total_minor": 5_000}),
        (
            "POST",
            f"{me}/wallets/stars/redemptions",
            {"points": 1, "shop_id": str(mall.shop_id), "reference": "Tea"},
        ),
        (
            "POST",
            "/v1/activities",
            {
                "member_id": str(member_id),
                "kind": "visit",
                "external_id": "v1",
                "happened_at": mall.clock().isoformat(),
                "mall_id": str(mall.mall_id),
            },
        ),
        ("POST", "/v1/quotes", {"shop_id": str(mall.shop_id), "currency": "CNY", "lines": lines}),
    ]


@pytest.mark.parametrize("own", ["mall", "shop"])
async def test_what_is_of_a_shop_is_for_staff_of_the_shop_or_its_mall(mall: Mall, own: str) -> None:
    asked = await asked_of_places(mall, await mall.enrol())
    inside = {f"{own}_ids": [mall.mall_id if own == "mall" else mall.shop_id]}
    for method, path, body in asked:
        outside = scoped(mall, **{f"{own}_ids": [new_id()]})
        refused = await mall.client.request(method, path, json=body, headers=outside)
        assert refused.status_code == 403, (path, refused.text)
        assert refused.json()["code"] == "out_of_scope"
        is_of_a_mall = own == "shop" and path == "/v1/activities"
        served = await mall.client.request(method, path, json=body, headers=scoped(mall, **inside))
        expected = (403,) if is_of_a_mall else (200, 201, 204)
        assert served.status_code in expected, (path, served.text)


async def test_an_activity_without_a_mall_is_told_for_the_whole_programme(mall: Mall) -> None:
    rule = {"kind": "visit", "effective_from": "2026-01-01T00:00:00Z", "points": 5}
    assert (await mall.post("/v1/activity-rules", rule)).status_code == 201
    body = {
        "member_id": str(await mall.enrol()),
        "kind": "visit",
        "external_id": "v1",
        "happened_at": mall.clock().isoformat(),
    }
    headers = scoped(mall, mall_ids=[mall.mall_id])
    refused = await mall.client.post("/v1/activities", json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    system = service_headers(mall.clock, mall.program_id, ["points.activities"])
    assert (await mall.client.post("/v1/activities", json=body, headers=system)).is_success


async def test_cases_are_listed_and_decided_by_staff_of_their_shop_or_mall(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.client.put("/v1/review-rules", json={"own_card": "cashier"}, headers=mall.staff())
    card = f"/v1/shops/{mall.shop_id}/staff-cards/C7"
    await mall.client.put(card, json={"member_id": str(member_id)}, headers=mall.staff())
    await mall.push(mall.sale(100, member_id=member_id, cashier_id="C7"))
    for places, count in (
        ({"mall_ids": [new_id()]}, 0),
        ({"shop_ids": [new_id()]}, 0),
        ({"mall_ids": [mall.mall_id]}, 1),
        ({"shop_ids": [mall.shop_id]}, 1),
        ({"mall_ids": [new_id()], "shop_ids": [mall.shop_id]}, 1),
    ):
        answer = await mall.client.get("/v1/cases", headers=scoped(mall, **places))
        assert len(answer.json()["cases"]) == count, places
    case_id = answer.json()["cases"][0]["case_id"]
    note = {"note": "Seen with the shop"}
    for how in ("approval", "rejection"):
        path = f"/v1/cases/{case_id}/{how}"
        outside = scoped(mall, mall_ids=[new_id()])
        refused = await mall.client.post(path, json=note, headers=outside)
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    inside = scoped(mall, mall_ids=[mall.mall_id])
    decided = await mall.client.post(f"/v1/cases/{case_id}/approval", json=note, headers=inside)
    assert (decided.status_code, decided.json()["outcome"]) == (200, "approved")
