"""Two programmes never see or change each other's things, whatever the route."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from services.points.api.app import build_app
from services.points.settings import PointsSettings
from tests.points.exporting import ask_ledger, write_until_ready
from tests.points.importing import begin, post, put_part, told_of
from tests.points.mall import POS, Mall
from tests.points.nights import begin as begin_night
from tests.points.spending import (
    capture,
    held,
    hold,
    paid_with,
    redeem,
    release,
    reverse,
    set_redemption_policy,
    spendable,
)
from tests.support.service import make_runtime
from tests.support.tokens import member_headers

STARS = {"name": "Stars", "expiry": {"kind": "never"}}
PRICE = {
    "effective_from": "2026-03-01T00:00:00Z",
    "amount_minor": 1,
    "per_points": 1,
    "currency": "CNY",
}
# What a stranger gets on each route that names something of the other programme.
TRIED = {
    f"POST {POS}",
    f"POST {POS}/batch",
    "GET /v1/members/{member_id}/points",
    "GET /v1/members/{member_id}/points/expiring",
    "POST /v1/members/{member_id}/expiry-changes",
    "GET /v1/nights",
    "GET /v1/members/{member_id}/postings",
    "GET /v1/members/{member_id}/postings/{version}",
    "GET /v1/members/{member_id}/postings/{version}/lot-changes",
    "GET /v1/members/{member_id}/receipts",
    "POST /v1/members/{member_id}/activations",
    "POST /v1/activities",
    "GET /v1/members/{member_id}/activities",
    "POST /v1/activity-rules",
    "GET /v1/review-rules",
    "PUT /v1/review-rules",
    "GET /v1/shops/{shop_id}/staff-cards",
    "PUT /v1/shops/{shop_id}/staff-cards/{cashier_id}",
    "DELETE /v1/shops/{shop_id}/staff-cards/{cashier_id}",
    "GET /v1/shops/{shop_id}/staff-cards/{cashier_id}/changes",
    "GET /v1/cases",
    "POST /v1/cases/{case_id}/approval",
    "POST /v1/cases/{case_id}/rejection",
    "GET /v1/payment-mismatches",
    "POST /v1/payment-mismatches/{transaction_id}/settlement",
    "GET /v1/activity-rules",
    "POST /v1/members/{member_id}/activation-events",
    "POST /v1/members/{member_id}/receipt-claims",
    "POST /v1/members/{member_id}/adjustments",
    "GET /v1/members/{member_id}/adjustments",
    "POST /v1/members/{member_id}/debt-write-offs",
    "POST /v1/members/{member_id}/freezes",
    "GET /v1/members/{member_id}/freezes",
    "POST /v1/members/{member_id}/freezes/{case_id}/thaw",
    "POST /v1/merges",
    "GET /v1/merges/{merge_id}",
    "POST /v1/merges/{merge_id}/undo",
    "POST /v1/members/{member_id}/pools",
    "GET /v1/members/{member_id}/pools",
    "GET /v1/pools/{pool_id}",
    "POST /v1/pools/{pool_id}/invitations",
    "POST /v1/pools/{pool_id}/joining",
    "POST /v1/pools/{pool_id}/departures",
    "POST /v1/pools/{pool_id}/dissolution",
    "POST /v1/pools/{pool_id}/contributions",
    "POST /v1/pools/{pool_id}/spendings",
    "GET /v1/adjustments",
    "POST /v1/adjustments/{adjustment_id}/approval",
    "POST /v1/adjustments/{adjustment_id}/rejection",
    "GET /v1/adjustment-rules",
    "PUT /v1/adjustment-rules",
    "POST /v1/members/{member_id}/transfers",
    "GET /v1/members/{member_id}/transfers",
    "GET /v1/members/{member_id}/transfers/{transfer_id}",
    "POST /v1/members/{member_id}/transfers/{transfer_id}/acceptance",
    "POST /v1/members/{member_id}/transfers/{transfer_id}/refusal",
    "POST /v1/members/{member_id}/transfers/{transfer_id}/cancellation",
    f"POST {POS}/quotes",
    "POST /v1/quotes",
    "GET /v1/members/{member_id}/holds",
    "POST /v1/holds",
    "POST /v1/hold-captures",
    "POST /v1/hold-releases",
    "POST /v1/redemption-quotes",
    "POST /v1/redemptions",
    "POST /v1/redemption-reversals",
    "POST /v1/redemption-policies",
    "POST /v1/redemption-policies/{version}/withdrawal",
    "GET /v1/redemption-policies",
    "POST /v1/earning-policies",
    "POST /v1/earning-policies/{version}/withdrawal",
    "GET /v1/earning-policies",
    "PUT /v1/wallets/{wallet}",
    "GET /v1/wallets",
    "GET /v1/wallets/{wallet}/versions",
    "GET /v1/members/{member_id}/wallets",
    "GET /v1/members/{member_id}/wallets/{wallet}/expiring",
    "GET /v1/members/{member_id}/wallets/{wallet}/postings",
    "GET /v1/members/{member_id}/wallets/{wallet}/postings/{version}",
    "GET /v1/members/{member_id}/wallets/{wallet}/postings/{version}/lot-changes",
    "POST /v1/members/{member_id}/wallets/{wallet}/redemptions",
    "POST /v1/members/{member_id}/wallets/{wallet}/gifts",
    "GET /v1/liability",
    "POST /v1/liability/rebuilds",
    "POST /v1/clearing/prices",
    "GET /v1/clearing/prices",
    "GET /v1/clearing",
    "POST /v1/clearing/statements",
    "GET /v1/clearing/statements",
    "GET /v1/clearing/statements/{statement_id}",
    "POST /v1/exports",
    "POST /v1/members/{member_id}/statement-exports",
    "GET /v1/exports/{export_id}",
    "GET /v1/exports/{export_id}/file",
    "POST /v1/imports",
    "GET /v1/imports/{import_id}",
    "PUT /v1/imports/{import_id}/parts/{part_number}",
    "POST /v1/imports/{import_id}/checks",
    "POST /v1/imports/{import_id}/commits",
    "GET /v1/imports/{import_id}/errors",
}


def test_every_route_of_points_is_tried_here(mall: Mall, settings: PointsSettings) -> None:
    app = build_app(make_runtime("points", settings, mall.engine, mall.clock))
    routes = {
        f"{method.upper()} {path}"
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    }
    assert {route for route in routes if " /v1/" in route} == TRIED


async def test_a_strangers_staff_and_members_find_nothing(mall: Mall) -> None:
    other = await mall.another()
    member_id, stranger = await mall.enrol(), await other.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    await mall.sold(5_000)
    base = f"/v1/members/{member_id}"
    tokens = [
        other.staff(),
        member_headers(mall.clock, other.program_id, stranger),
        member_headers(mall.clock, other.program_id, member_id),
    ]
    for headers in tokens:
        for path in (
            "points",
            "points/expiring",
            "postings",
            "postings/1",
            "receipts",
            "postings/1/lot-changes",
            "wallets/points/postings/1",
            "wallets/points/expiring",
        ):
            answer = await mall.client.get(f"{base}/{path}", headers=headers)
            assert answer.status_code == 404, path
    answer = await mall.client.post(
        f"{base}/adjustments",
        json={"points": 5, "reason_code": "x", "note": "x"},
        headers={**other.staff(), "Idempotency-Key": "k"},
    )
    assert answer.status_code == 404
    answer = await mall.client.post(
        f"{base}/expiry-changes",
        json={"change": {"kind": "never"}, "reason_code": "x", "note": "x"},
        headers={**other.staff(), "Idempotency-Key": "k"},
    )
    assert answer.status_code == 404
    assert await mall.balance(member_id) == 100
    assert sale["receipt_number"] in [row[0] for row in await mall.books()]


async def test_a_receipt_of_another_programme_cannot_be_claimed(mall: Mall) -> None:
    other = await mall.another()
    member_id, stranger = await mall.enrol(), await other.enrol()
    sale = await mall.sold(5_000)
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    claim = {name: sale[name] for name in names}
    for claimant, headers in [
        (stranger, other.staff()),
        (stranger, member_headers(mall.clock, other.program_id, stranger)),
        (member_id, other.staff()),
    ]:
        path = f"/v1/members/{claimant}/receipt-claims"
        answer = await mall.client.post(path, json=claim, headers=headers)
        assert answer.status_code == 404
    assert [row[1] for row in await mall.books()] == ["anonymous"]


async def test_a_till_of_another_programme_does_not_exist_here(mall: Mall) -> None:
    other = await mall.another()
    forged = replace(mall.till, program_id=other.program_id)
    for body in (mall.sale(100), other.sale(100)):
        answer = await mall.push(body, forged)
        assert (answer.status_code, answer.json()["code"]) == (503, "till_unknown")
    answer = await mall.push(other.sale(100))
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_shop")


async def test_the_same_receipt_refund_and_member_mean_two_things_in_two_programmes(
    mall: Mall,
) -> None:
    twin_world = Mall(mall.engine, mall.client, mall.clock, shop_id=mall.shop_id)
    await twin_world.open_shop()
    member_id = await mall.enrol()
    number = "600000000001"
    await twin_world.hear(twin_world.enrolled(member_id, number))
    sale = mall.sale(10_000, member_id=member_id)
    refund = mall.refund(sale, (1, 1_000))
    assert (await mall.push(sale)).json()["balance"] == 100
    assert (await twin_world.push(refund)).json()["status"] == "waiting_sale"
    assert await mall.balance(member_id) == 100
    assert (await twin_world.push(sale)).status_code == 201
    assert (await twin_world.balance(member_id), await mall.balance(member_id)) == (90, 100)
    by_number: dict[str, Any] = mall.sale(100, member_number=number)
    assert (await mall.push(by_number)).json()["status"] == "waiting_member"


async def test_the_same_idempotency_key_is_free_in_another_programme(mall: Mall) -> None:
    other = await mall.another()
    member_id, stranger = await mall.enrol(), await other.enrol()
    assert (await mall.adjust(member_id, 5, "same")).status_code == 201
    assert (await other.adjust(stranger, 7, "same")).status_code == 201


async def test_policies_are_each_programmes_own(mall: Mall) -> None:
    other = await mall.another()
    await mall.set_policy(programme={"points": 9, "per_minor": 100})
    policies = (await other.get("/v1/earning-policies")).json()
    assert [policy["version"] for policy in policies] == [0]
    for kind in ("earning", "redemption"):
        foreign = await other.post(f"/v1/{kind}-policies/1/withdrawal", {"reason": "x"})
        assert foreign.status_code == 404
    stranger = await other.enrol()
    assert (await other.push(other.sale(100, member_id=stranger))).json()["points"] == 1


async def test_transfers_stay_within_their_programme(mall: Mall) -> None:
    other = await mall.another()
    giver, receiver, stranger = await mall.enrol(), await mall.enrol(), await other.enrol()
    await mall.adjust(giver, 100, "give")
    base = f"/v1/members/{giver}/transfers"
    abroad = {"to_member_id": str(stranger), "points": 5}
    answer = await mall.post(base, abroad, giver, "k")
    assert (answer.status_code, answer.json()["code"]) == (422, "transfer_receiver_unknown")
    here = {"to_member_id": str(receiver), "points": 5}
    made = (await mall.post(base, here, giver, "k")).json()
    one = f"{base}/{made['transfer_id']}"
    for member_id in (giver, receiver, stranger):
        for answer in (
            await other.post(base, here, member_id, "k"),
            await other.get(one, member_id),
            await other.post(f"{one}/cancellation", None, member_id),
            await other.post(
                f"/v1/members/{member_id}/transfers/{made['transfer_id']}/acceptance",
                None,
                member_id,
            ),
            await other.post(
                f"/v1/members/{member_id}/transfers/{made['transfer_id']}/refusal", None, member_id
            ),
        ):
            assert answer.status_code in {404, 422}, answer.text
    assert (await other.post(f"{one}/cancellation")).status_code == 404
    assert (await other.get(base)).json()["transfers"] == []
    assert (await mall.get(one, giver)).json()["status"] == "offered"


async def test_adjustments_and_their_rules_stay_within_their_programme(mall: Mall) -> None:
    other = await mall.another()
    member_id = await mall.enrol()
    body = {"points": 10_001, "reason_code": "x", "note": "x"}
    asked = await mall.post(f"/v1/members/{member_id}/adjustments", body, None, "k")
    assert asked.status_code == 202
    one = f"/v1/adjustments/{asked.json()['adjustment_id']}"
    for how in ("approval", "rejection"):
        assert (await other.post(f"{one}/{how}", {"note": "x"})).status_code == 404
    for path in ("/v1/adjustments", f"/v1/members/{member_id}/adjustments"):
        assert (await other.get(path)).json()["adjustments"] == []
    debt = {"reason_code": "x", "note": "x"}
    path = f"/v1/members/{member_id}/debt-write-offs"
    assert (await other.post(path, debt, None, "k")).status_code == 404
    rules = {"points_unchecked_max": 7, "reason_codes": []}
    await other.client.put("/v1/adjustment-rules", json=rules, headers=other.staff())
    assert (await mall.get("/v1/adjustment-rules")).json()["version"] == 0


async def test_the_books_files_and_wallets_are_each_programmes_own(mall: Mall) -> None:
    other = await mall.another()
    member_id = await mall.enrol()
    await mall.sold(1_000, member_id=member_id)
    exported, imported = await ask_ledger(mall), await begin(mall, b"{}\n")
    await write_until_ready(mall, exported)
    await mall.client.put("/v1/wallets/stars", json=STARS, headers=mall.staff())
    await mall.client.post("/v1/clearing/prices", json=PRICE, headers=mall.staff())
    period = {"last_day": "2026-02-28"}
    netted = await mall.client.post("/v1/clearing/statements", json=period, headers=mall.staff())
    for path in (
        f"/v1/members/{member_id}/wallets",
        f"/v1/members/{member_id}/wallets/stars/postings",
        exported,
        f"{exported}/file",
        imported,
        f"{imported}/errors",
        f"/v1/clearing/statements/{netted.json()['statement_id']}",
    ):
        assert (await mall.get(path)).status_code == 200, path
        assert (await other.get(path)).status_code == 404, path
    for path in ("/v1/liability", "/v1/clearing/prices", "/v1/clearing/statements"):
        assert (await other.get(path)).json() == []
    assert [each["wallet"] for each in (await other.get("/v1/wallets")).json()] == ["points"]
    assert (await put_part(other, imported, b"{}\n")).status_code == 404
    for step in ("checks", "commits"):
        agreed = told_of(b"{}\n", rows=1, points=1)
        assert (await post(other, f"{imported}/{step}", agreed)).status_code == 404
    answer = await mall.client.post(
        f"/v1/members/{member_id}/statement-exports", json={}, headers=other.staff()
    )
    assert answer.status_code == 404


async def test_pending_points_are_made_good_within_their_programme_only(mall: Mall) -> None:
    other = await mall.another()
    await mall.set_policy(pending={"mode": "event", "event": "delivered"})
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    base = f"/v1/members/{member_id}"
    by_hand = {"lot_version": 1, "reason_code": "x", "note": "x"}
    assert (await other.post(f"{base}/activations", by_hand, None, "k")).status_code == 404
    told = {"event": "delivered"}
    assert (await other.post(f"{base}/activation-events", told, None, "k")).status_code == 404
    shown = await mall.get(f"{base}/points", member_id)
    assert shown.json()["pending"] == 100


async def test_pools_freezes_and_merges_stay_within_their_programme(mall: Mall) -> None:
    other = await mall.another()
    owner, member_id, stranger = await mall.enrol(), await mall.enrol(), await other.enrol()
    await mall.adjust(owner, 100, "give")
    pool = (await mall.post(f"/v1/members/{owner}/pools", {"name": "x"}, owner, "k")).json()
    base = f"/v1/pools/{pool['pool_id']}"
    assert (await other.get(f"/v1/members/{owner}/pools")).status_code == 404
    bodies: dict[str, Any] = {
        "invitations": {"member_id": str(stranger)},
        "joining": None,
        "departures": {"member_id": str(owner)},
        "dissolution": None,
        "contributions": {"points": 1},
        "spendings": {"points": 1, "shop_id": str(mall.shop_id), "reference": "x"},
    }
    for who in (stranger, owner):
        assert (await other.get(base, who)).status_code == 404
        for what, body in bodies.items():
            answer = await other.post(f"{base}/{what}", body, who, "k")
            assert answer.status_code == 404, what
    assert (await other.get(base)).status_code == 404
    abroad = await mall.post(f"{base}/invitations", bodies["invitations"], owner)
    assert (abroad.status_code, abroad.json()["code"]) == (404, "member_unknown")
    await _freezes_and_merges(mall, other, member_id, stranger)


async def _freezes_and_merges(mall: Mall, other: Mall, member_id: UUID, stranger: UUID) -> None:
    freezes = f"/v1/members/{member_id}/freezes"
    why = {"reason_code": "x", "note": "x"}
    assert (await other.post(freezes, why)).status_code == 404
    case = (await mall.post(freezes, why)).json()
    assert (await other.get(freezes)).json() == []
    thaw = await other.post(f"{freezes}/{case['case_id']}/thaw", {"outcome": "x"})
    assert thaw.status_code == 404
    third = await mall.enrol()
    for merged, survivor in ((stranger, third), (third, stranger)):
        ids = {"merged_member_id": str(merged), "survivor_member_id": str(survivor)}
        assert (await mall.post("/v1/merges", {**ids, **why})).status_code == 404
    ids = {"merged_member_id": str(third), "survivor_member_id": str(member_id)}
    made = (await mall.post("/v1/merges", {**ids, **why})).json()
    one = f"/v1/merges/{made['merge_id']}"
    assert (await other.get(one)).status_code == 404
    assert (await other.post(f"{one}/undo")).status_code == 404
    assert (await mall.get(one)).json()["undone_at"] is None


async def test_activities_and_their_rules_stay_within_their_programme(mall: Mall) -> None:
    other = await mall.another()
    member_id = await mall.enrol()
    since = mall.clock().isoformat()
    rule = {"kind": "check_in", "effective_from": since, "points": 5}
    assert (await mall.post("/v1/activity-rules", rule)).status_code == 201
    assert (await other.get("/v1/activity-rules")).json() == []
    told = {"kind": "check_in", "external_id": "x", "happened_at": since}
    told["member_id"] = str(member_id)
    assert (await other.post("/v1/activities", told)).status_code == 404
    assert (await mall.post("/v1/activities", told)).status_code == 201
    shown = await other.get(f"/v1/members/{member_id}/activities")
    assert shown.json()["activities"] == []


async def test_a_till_of_another_programme_finds_no_members_holds_or_redemptions(
    mall: Mall,
) -> None:
    other = await mall.another()
    for programme in (mall, other):
        assert (await set_redemption_policy(programme)).status_code == 201
    member_id = await mall.enrol()
    await mall.adjust(member_id, 500, "k")
    hold_id = await held(mall, member_id, 100)
    paid = (await redeem(mall, mall.sale(1_000), member_id, 100)).json()
    for answer in (
        await hold(other, member_id, 5),
        await capture(other, hold_id),
        await release(other, hold_id),
        await redeem(other, other.sale(1_000), member_id, 100),
        await reverse(other, paid["redemption_id"]),
    ):
        assert answer.status_code == 404, answer.text
    headers = {**other.staff()}
    answer = await mall.client.get(f"/v1/members/{member_id}/holds", headers=headers)
    assert answer.status_code == 404
    assert await spendable(mall, member_id) == (400, 300, 100)


async def test_nights_are_seen_by_the_staff_of_their_programme_alone(mall: Mall) -> None:
    other = await mall.another()
    await begin_night(mall)
    assert len((await mall.get("/v1/nights")).json()["nights"]) == 1
    assert (await other.get("/v1/nights")).json()["nights"] == []


async def test_reviews_and_their_cases_stay_within_their_programme(mall: Mall) -> None:
    other = await mall.another()
    member_id = await mall.enrol()
    rules = {"own_card": "shop", "again_days": 3}
    await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    assert (await other.get("/v1/review-rules")).json()["version"] == 0
    cards, card = f"/v1/shops/{mall.shop_id}/staff-cards", {"member_id": str(member_id)}
    refused = await mall.client.put(f"{cards}/C7", json=card, headers=other.staff())
    assert refused.json()["code"] == "shop_unknown"
    await mall.client.put(f"{cards}/C7", json=card, headers=mall.staff())
    assert (await other.get(cards)).json() == []
    refused = await mall.client.delete(f"{cards}/C7", headers=other.staff())
    assert refused.status_code == 404
    assert (await other.get(f"{cards}/C7/changes")).json()["changes"] == []
    answer = await mall.push(mall.sale(100, member_id=member_id))
    assert answer.json()["status"] == "in_review"
    assert (await other.get("/v1/cases")).json()["cases"] == []
    [case] = (await mall.get("/v1/cases")).json()["cases"]
    for how in ("approval", "rejection"):
        answer = await other.post(f"/v1/cases/{case['case_id']}/{how}", {"note": "x"})
        assert answer.status_code == 404


async def test_payments_that_differ_stay_within_their_programme(mall: Mall) -> None:
    other = await mall.another()
    told = (await mall.push(paid_with(mall.sale(10_000), 9_000))).json()
    assert (await other.get("/v1/payment-mismatches")).json()["mismatches"] == []
    one = f"/v1/payment-mismatches/{told['pos_transaction_id']}"
    assert (await other.post(f"{one}/settlement", {"note": "x"})).status_code == 404
    before = {"before": told["pos_transaction_id"]}
    assert (await other.get("/v1/payment-mismatches", **before)).status_code == 404
    [found] = (await mall.get("/v1/payment-mismatches")).json()["mismatches"]
    assert found["status"] == "open"
