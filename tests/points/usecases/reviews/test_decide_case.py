"""A receipt that smells is stored, earns nothing yet, and is lost by nobody."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from shared.contracts.points import PosTransactionAttributed, PosTransactionRecorded
from shared.ids import new_id
from tests.points.mall import Mall

AGAIN = {"again_days": 3}
NUMBER = "612345678904"


async def review(mall: Mall, **rules: Any) -> None:
    answer = await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    assert answer.status_code == 200, answer.text


async def card(mall: Mall, cashier_id: str, member_id: UUID) -> None:
    answer = await mall.client.put(
        f"/v1/shops/{mall.shop_id}/staff-cards/{cashier_id}",
        json={"member_id": str(member_id)},
        headers=mall.staff(),
    )
    assert answer.status_code == 200, answer.text


async def held(mall: Mall, **fields: Any) -> dict[str, Any]:
    """A sale under yesterday's date whose twin of today is there already."""
    sale = mall.sale(10_000, **fields)
    assert (await mall.push(sale)).status_code == 201
    day = (mall.clock() - timedelta(days=1)).date().isoformat()
    again = {**sale, "business_date": day}
    answer = await mall.push(again)
    assert (answer.status_code, answer.json()["status"]) == (201, "in_review"), answer.text
    assert (answer.json()["points"], answer.json()["member_id"]) == (0, None)
    return again


async def cases(mall: Mall, **query: Any) -> list[dict[str, Any]]:
    answer = await mall.get("/v1/cases", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["cases"]
    return found


async def decide(mall: Mall, case_id: str, how: str = "approval") -> httpx.Response:
    return await mall.post(f"/v1/cases/{case_id}/{how}", {"note": "Seen with the shop"})


async def test_the_same_receipt_under_another_date_waits_and_earns_when_approved(
    mall: Mall,
) -> None:
    await review(mall, **AGAIN)
    member_id = await mall.enrol()
    again = await held(mall, member_id=member_id)
    assert await mall.balance(member_id) == 100
    repeated = await mall.push(again)
    assert (repeated.status_code, repeated.json()["status"]) == (200, "in_review")
    [case] = await cases(mall, status="open")
    assert [why["code"] for why in case["reasons"]] == ["sent_again"]
    assert (case["member_id"], case["receipt_status"]) == (str(member_id), "in_review")
    done = await decide(mall, case["case_id"])
    assert (done.status_code, done.json()["outcome"]) == (200, "approved")
    assert (done.json()["receipt_status"], done.json()["points"]) == ("posted", 100)
    assert await mall.balance(member_id) == 200
    assert (await decide(mall, case["case_id"])).json() == done.json()
    other = await decide(mall, case["case_id"], "rejection")
    assert (other.status_code, other.json()["code"]) == (409, "case_closed")
    assert await mall.balance(member_id) == 200
    assert (await mall.push(again)).json()["status"] == "posted"
    told = [e for e in await mall.told(PosTransactionRecorded) if e.member_id is None]
    [attributed] = await mall.told(PosTransactionAttributed)
    assert [e.transaction_id for e in told] == [attributed.transaction_id]
    assert (attributed.member_id, attributed.points) == (member_id, 100)


async def test_a_rejected_receipt_stays_and_never_posts_and_keeps_why(mall: Mall) -> None:
    await review(mall, **AGAIN)
    member_id = await mall.enrol()
    again = await held(mall, member_id=member_id)
    [case] = await cases(mall)
    done = await decide(mall, case["case_id"], "rejection")
    assert (done.json()["outcome"], done.json()["note"]) == ("rejected", "Seen with the shop")
    assert (await decide(mall, case["case_id"])).json()["code"] == "case_closed"
    assert (await mall.push(again)).json()["status"] == "rejected"
    refund = await mall.push(mall.refund(again, (1, 4_000)))
    assert (refund.status_code, refund.json()["status"]) == (201, "rejected")
    more = await mall.push(mall.refund(again, (1, 7_000)))
    assert more.json()["code"] == "refund_exceeds_sale"
    since = mall.clock() - timedelta(days=300)
    await mall.hear(mall.tier_changed(member_id, 1, (since, "gold")))
    assert await mall.balance(member_id) == 100
    assert await cases(mall, status="open") == []


async def test_refunds_of_a_receipt_in_review_may_come_before_meanwhile_and_after(
    mall: Mall,
) -> None:
    await review(mall, **AGAIN)
    member_id = await mall.enrol()
    sale = mall.sale(10_000, member_id=member_id)
    await mall.push(sale)
    day = (mall.clock() - timedelta(days=1)).date().isoformat()
    again = {**sale, "business_date": day}
    before = await mall.push(mall.refund(again, (1, 1_000)))
    assert before.json()["status"] == "waiting_sale"
    assert (await mall.push(again)).json()["status"] == "in_review"
    meanwhile = await mall.push(mall.refund(again, (1, 2_000)))
    assert (meanwhile.json()["status"], meanwhile.json()["points"]) == ("in_review", 0)
    assert await mall.balance(member_id) == 100
    [case] = await cases(mall)
    await decide(mall, case["case_id"])
    assert await mall.balance(member_id) == 170
    await mall.push(mall.refund(again, (1, 3_000)))
    assert await mall.balance(member_id) == 140
    too_much = await mall.push(mall.refund(again, (1, 4_001)))
    assert too_much.json()["code"] == "refund_exceeds_sale"


async def test_the_rules_and_the_tier_of_the_purchase_time_decide(mall: Mall) -> None:
    await review(mall, **AGAIN)
    await mall.set_policy(tier_multipliers_milli={"gold": 3_000})
    member_id = await mall.enrol("gold")
    await held(mall, member_id=member_id)
    mall.clock.advance(days=2)
    await mall.set_policy(
        effective_from=mall.clock().isoformat(), programme={"points": 9, "per_minor": 100}
    )
    joined = mall.clock() - timedelta(days=302)
    fallen = mall.tier_changed(member_id, 1, (joined, "gold"), (mall.clock(), "basic"))
    await mall.hear(fallen)
    [case] = await cases(mall)
    assert (await decide(mall, case["case_id"])).json()["points"] == 300


async def test_two_who_decide_at_once_decide_once(mall: Mall) -> None:
    await review(mall, **AGAIN)
    member_id = await mall.enrol()
    await held(mall, member_id=member_id)
    [case] = await cases(mall)
    answers = await asyncio.gather(
        *(decide(mall, case["case_id"], how) for how in ("approval", "rejection") * 4)
    )
    assert sorted(a.status_code for a in answers) == [200] * 4 + [409] * 4
    outcome = (await cases(mall))[0]["outcome"]
    assert await mall.balance(member_id) == (200 if outcome == "approved" else 100)


async def test_a_cashiers_own_card_at_their_till_is_looked_at(mall: Mall) -> None:
    await review(mall, own_card="cashier")
    cashier, customer = await mall.enrol(), await mall.enrol()
    await card(mall, "C7", cashier)
    statuses = [
        (await mall.push(mall.sale(100, member_id=who, cashier_id=cashier_id))).json()["status"]
        for who, cashier_id in ((cashier, "C7"), (cashier, "C8"), (customer, "C7"))
    ]
    assert statuses == ["in_review", "posted", "posted"]
    [case] = await cases(mall)
    assert case["reasons"] == [{"code": "own_card", "cashier_id": "C7"}]
    assert case["cashier_id"] == "C7"
    await review(mall, own_card="shop")
    without = await mall.push(mall.sale(100, member_id=cashier))
    assert without.json()["status"] == "in_review"
    gone = await mall.client.delete(
        f"/v1/shops/{mall.shop_id}/staff-cards/C7", headers=mall.staff()
    )
    assert gone.status_code == 204
    assert (await mall.push(mall.sale(100, member_id=cashier))).json()["status"] == "posted"


async def test_a_member_a_till_and_a_cashier_who_are_too_quick_are_looked_at(mall: Mall) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    for per in ("member", "till", "cashier"):
        mall.clock.advance(hours=2)
        rules = [{"per": per, "window_seconds": 3_600, "receipts_max": 2}]
        await review(mall, velocities=rules)
        statuses = []
        for who in (member_id, member_id, other, member_id):
            mall.clock.advance(minutes=1)
            sale = mall.sale(100, member_id=who, cashier_id="C7")
            statuses.append((await mall.push(sale)).json()["status"])
        third = "posted" if per == "member" else "in_review"
        assert statuses == ["posted", "posted", third, "in_review"], per
    mall.clock.advance(hours=2)
    assert (await mall.push(mall.sale(100, member_id=member_id))).json()["status"] == "posted"
    newest = (await cases(mall))[0]
    assert newest["reasons"] == [
        {"code": "velocity", "per": "cashier", "window_seconds": 3_600, "limit": 2, "receipts": 4}
    ]


async def test_those_of_one_batch_are_seen_beside_each_other(mall: Mall) -> None:
    rules = [{"per": "member", "window_seconds": 3_600, "receipts_max": 2}]
    await review(mall, velocities=rules, **AGAIN)
    member_id = await mall.enrol()
    sales = [mall.sale(100, member_id=member_id) for _ in range(3)]
    day = (mall.clock() - timedelta(days=1)).date().isoformat()
    anonymous = mall.sale(700)
    results = await mall.push_batch([*sales, anonymous, {**anonymous, "business_date": day}])
    assert [r["status"] for r in results] == [
        "posted",
        "posted",
        "in_review",
        "anonymous",
        "in_review",
    ]
    assert len(await cases(mall)) == 2


async def test_a_receipt_of_nobody_in_review_can_be_claimed_when_it_is_approved(
    mall: Mall,
) -> None:
    await review(mall, **AGAIN)
    member_id = await mall.enrol()
    again = await held(mall)
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    claim = {name: again[name] for name in names}
    path = f"/v1/members/{member_id}/receipt-claims"
    refused = await mall.post(path, claim, member_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "receipt_in_review")
    [case] = await cases(mall)
    assert (await decide(mall, case["case_id"])).json()["receipt_status"] == "anonymous"
    assert (await mall.post(path, claim, member_id)).json()["points"] == 100


async def test_a_receipt_that_names_somebody_unknown_waits_on_after_its_approval(
    mall: Mall,
) -> None:
    await review(mall, **AGAIN)
    await held(mall, member_number=NUMBER)
    [case] = await cases(mall)
    done = await decide(mall, case["case_id"])
    assert done.json()["receipt_status"] == "waiting_member"
    member_id = new_id()
    await mall.hear(mall.enrolled(member_id, NUMBER))
    assert await mall.balance(member_id) == 200


async def test_who_joined_meanwhile_gets_the_points_when_it_is_approved(mall: Mall) -> None:
    await review(mall, **AGAIN)
    await held(mall, member_number=NUMBER)
    member_id = new_id()
    await mall.hear(mall.enrolled(member_id, NUMBER))
    assert await mall.balance(member_id) == 100
    [case] = await cases(mall)
    assert (await decide(mall, case["case_id"])).json()["member_id"] == str(member_id)
    assert await mall.balance(member_id) == 200


async def test_caps_count_a_receipt_when_it_is_approved(mall: Mall) -> None:
    await review(mall, **AGAIN)
    cap = {"code": "daily", "period": "day", "points": 150}
    await mall.set_policy(caps=[cap])
    member_id = await mall.enrol()
    await held(mall, member_id=member_id)
    [case] = await cases(mall)
    assert (await decide(mall, case["case_id"])).json()["points"] == 50
    assert await mall.balance(member_id) == 150


async def test_cases_come_in_pages_newest_first_to_those_who_may(mall: Mall) -> None:
    await review(mall, **AGAIN)
    for _ in range(3):
        mall.clock.advance(minutes=1)
        await held(mall)
    first = (await mall.get("/v1/cases", limit=2)).json()
    rest = (await mall.get("/v1/cases", limit=2, before=first["next_before"])).json()
    opened = [case["opened_at"] for case in (*first["cases"], *rest["cases"])]
    assert opened == sorted(opened, reverse=True)
    assert (len(opened), rest["next_before"]) == (3, None)
    assert (await decide(mall, str(new_id()))).json()["code"] == "case_unknown"
    headers = mall.staff("points.read")
    assert (await mall.client.get("/v1/cases", headers=headers)).status_code == 403


async def test_without_rules_nothing_is_held_back(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(10_000, member_id=member_id)
    day = (mall.clock() - timedelta(days=1)).date().isoformat()
    for body in (sale, {**sale, "business_date": day}):
        assert (await mall.push(body)).json()["status"] == "posted"
    await review(mall, **AGAIN)
    await review(mall)
    day = (mall.clock() + timedelta(days=1)).date().isoformat()
    assert (await mall.push({**sale, "business_date": day})).json()["status"] == "posted"


async def test_a_cashiers_card_is_known_after_it_was_merged_into_another_and_back(
    mall: Mall,
) -> None:
    await review(mall, own_card="cashier")
    kept, merged, last = await mall.enrol(), await mall.enrol(), await mall.enrol()
    await card(mall, "C8", merged)

    async def rung_up(*members: UUID) -> list[str]:
        sales = [mall.sale(100, member_id=who, cashier_id="C8") for who in members]
        return [(await mall.push(sale)).json()["status"] for sale in sales]

    async def merge(one: UUID, into: UUID) -> str:
        body = {"merged_member_id": str(one), "survivor_member_id": str(into)}
        why = {"reason_code": "duplicate", "note": "Same phone"}
        answer = await mall.post("/v1/merges", {**body, **why})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["merge_id"])

    assert await rung_up(kept, merged) == ["posted", "in_review"]
    await merge(merged, kept)
    assert await rung_up(kept, merged) == ["in_review"] * 2
    second = await merge(kept, last)
    assert await rung_up(kept, merged, last) == ["in_review"] * 3
    assert (await mall.post(f"/v1/merges/{second}/undo")).status_code == 200
    assert await rung_up(last, kept) == ["posted", "in_review"]
