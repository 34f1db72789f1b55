"""Anonymous receipts find their members."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from shared.contracts.points import PosTransactionAttributed
from shared.ids import new_id
from tests.points.mall import Mall
from tests.support.tokens import member_headers


async def claim(
    mall: Mall, member_id: UUID, sale: dict[str, Any], *roles: str, **fields: Any
) -> httpx.Response:
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    body = {**{name: sale[name] for name in names}, **fields}
    headers = (
        mall.staff(*roles) if roles else member_headers(mall.clock, mall.program_id, member_id)
    )
    return await mall.client.post(
        f"/v1/members/{member_id}/receipt-claims", json=body, headers=headers
    )


async def test_a_member_claims_a_receipt_and_a_repeat_gets_the_same_answer(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000)
    first, again = await claim(mall, member_id, sale), await claim(mall, member_id, sale)
    assert first.status_code == 200, first.text
    assert (first.json()["points"], first.json()["balance"]) == (100, 100)
    assert again.json() == first.json()
    assert await mall.balance(member_id) == 100
    assert len(await mall.told(PosTransactionAttributed)) == 1


async def test_a_claimed_receipt_comes_with_its_refunds(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000)
    await mall.push(mall.refund(sale, (1, 4_000)))
    await claim(mall, member_id, sale)
    assert await mall.balance(member_id) == 60
    assert (await mall.push(mall.refund(sale, (1, 6_000)))).json()["balance"] == 0


async def test_a_claim_earns_by_the_tier_of_the_purchase_time(mall: Mall) -> None:
    await mall.set_policy(tier_multipliers_milli={"gold": 2_000})
    member_id = await mall.enrol("gold")
    sale = await mall.sold(10_000)
    mall.clock.advance(days=10)
    await mall.hear(mall.tier_changed(member_id, 1, (mall.clock.now, "basic")))
    long_ago = mall.clock.now.replace(year=2025)
    timeline = ((long_ago, "gold"), (mall.clock.now, "basic"))
    await mall.hear(mall.tier_changed(member_id, 2, *timeline))
    assert (await claim(mall, member_id, sale)).json()["points"] == 200


async def test_only_who_holds_the_paper_can_claim(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000)
    wrong: list[dict[str, Any]] = [
        {"total_minor": 10_001},
        {"receipt_number": "none"},
        {"till_id": "T2"},
        {"shop_id": str(new_id())},
    ]
    for fields in wrong:
        answer = await claim(mall, member_id, sale, **fields)
        assert (answer.status_code, answer.json()["code"]) == (404, "receipt_unknown")


async def test_somebody_elses_receipt_cannot_be_claimed(mall: Mall) -> None:
    first, second = await mall.enrol(), await mall.enrol()
    sale = await mall.sold(10_000)
    await claim(mall, first, sale)
    answer = await claim(mall, second, sale)
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt_already_claimed")


async def test_a_refund_or_a_sale_that_is_only_awaited_cannot_be_claimed(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(0)
    refund = mall.refund(sale)
    await mall.push(refund)
    for receipt in (sale, refund):
        answer = await claim(mall, member_id, receipt)
        assert (answer.status_code, answer.json()["code"]) == (404, "receipt_unknown")


async def test_after_the_claim_window_it_is_too_late(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000)
    mall.clock.advance(days=60)
    assert (await claim(mall, member_id, await mall.sold(100))).status_code == 200
    mall.clock.advance(seconds=1)
    answer = await claim(mall, member_id, sale)
    assert (answer.status_code, answer.json()["code"]) == (422, "claim_too_late")
    assert answer.json()["days_max"] == 60


async def test_staff_at_the_desk_claim_for_a_member_and_others_do_not(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000)
    assert (await claim(mall, member_id, sale, "points.read")).status_code == 403
    assert (await claim(mall, member_id, sale, "desk")).status_code == 200


async def test_a_stranger_claims_nothing_and_leaves_no_account(mall: Mall) -> None:
    answer = await claim(mall, new_id(), await mall.sold(10_000))
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
    assert await mall.rows("SELECT 1 FROM account WHERE program_id = :p") == []


async def review(mall: Mall, **rules: Any) -> None:
    answer = await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    assert answer.status_code == 200, answer.text


async def card(mall: Mall, cashier_id: str, member_id: UUID) -> None:
    path = f"/v1/shops/{mall.shop_id}/staff-cards/{cashier_id}"
    body = {"member_id": str(member_id)}
    answer = await mall.client.put(path, json=body, headers=mall.staff())
    assert answer.status_code == 200, answer.text


async def nobodys(mall: Mall, *amounts: int, **fields: Any) -> dict[str, Any]:
    sale = mall.sale(*amounts, **fields)
    assert (await mall.push(sale)).json()["status"] == "anonymous"
    return sale


async def open_cases(mall: Mall) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await mall.get("/v1/cases", status="open")).json()["cases"]
    return found


async def test_a_cashier_claims_on_her_own_card_what_she_rang_up_and_somebody_looks_at_it(
    mall: Mall,
) -> None:
    await review(mall, own_card="cashier")
    cashier, customer = await mall.enrol(), await mall.enrol()
    await card(mall, "C7", cashier)
    sale = await nobodys(mall, 10_000, cashier_id="C7")
    await mall.push(mall.refund(sale, (1, 1_000)))
    first, again = await claim(mall, cashier, sale), await claim(mall, cashier, sale)
    assert (first.json()["status"], first.json()["points"]) == ("in_review", 0)
    assert again.json() == first.json()
    assert (await claim(mall, customer, sale)).json()["code"] == "receipt_in_review"
    [case] = await open_cases(mall)
    assert case["reasons"] == [{"code": "own_card", "cashier_id": "C7"}]
    assert (case["member_id"], case["opened_by"]) == (str(cashier), f"claim of member {cashier}")
    meanwhile = await mall.push(mall.refund(sale, (1, 2_000)))
    assert meanwhile.json()["status"] == "in_review"
    assert await mall.balance(cashier) == 0
    assert await mall.told(PosTransactionAttributed) == []
    decided = await mall.post(f"/v1/cases/{case['case_id']}/approval", {"note": "Her own shopping"})
    assert decided.json()["receipt_status"] == "posted"
    assert await mall.balance(cashier) == 70
    assert (await claim(mall, customer, await nobodys(mall, 500, cashier_id="C7"))).json()[
        "status"
    ] == "posted"


async def test_a_claim_that_is_rejected_never_earns(mall: Mall) -> None:
    await review(mall, own_card="cashier")
    cashier = await mall.enrol()
    await card(mall, "C7", cashier)
    sale = await nobodys(mall, 10_000, cashier_id="C7")
    await mall.push(mall.refund(sale, (1, 1_000)))
    await claim(mall, cashier, sale)
    [case] = await open_cases(mall)
    await mall.post(f"/v1/cases/{case['case_id']}/rejection", {"note": "A customer's"})
    assert (await claim(mall, cashier, sale)).json()["status"] == "rejected"
    assert [row[1] for row in await mall.books()] == ["rejected", "rejected"]


async def test_a_claim_that_is_rejected_does_not_lock_out_whose_receipt_it_is(mall: Mall) -> None:
    await review(mall, own_card="cashier")
    cashier, customer = await mall.enrol(), await mall.enrol()
    await card(mall, "C7", cashier)
    sale = await nobodys(mall, 10_000, cashier_id="C7")
    await mall.push(mall.refund(sale, (1, 1_000)))
    await claim(mall, cashier, sale)
    waiting = await claim(mall, customer, sale)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "receipt_in_review")
    [case] = await open_cases(mall)
    await mall.post(f"/v1/cases/{case['case_id']}/rejection", {"note": "A customer's"})
    assert (await claim(mall, customer, sale)).json()["status"] == "posted"
    assert [row[1] for row in await mall.books()] == ["posted", "posted"]
    assert (await mall.balance(customer), await mall.balance(cashier)) == (90, 0)
    assert (await claim(mall, cashier, sale)).json()["code"] == "receipt_already_claimed"


async def test_what_the_till_sent_and_staff_rejected_is_claimed_by_nobody(mall: Mall) -> None:
    await review(mall, own_card="cashier")
    cashier, other = await mall.enrol(), await mall.enrol()
    await card(mall, "C7", cashier)
    sale = mall.sale(10_000, member_id=cashier, cashier_id="C7")
    assert (await mall.push(sale)).json()["status"] == "in_review"
    [case] = await open_cases(mall)
    await mall.post(f"/v1/cases/{case['case_id']}/rejection", {"note": "Not hers"})
    refused = await claim(mall, other, sale)
    assert (refused.status_code, refused.json()["code"]) == (409, "receipt_in_review")


async def test_claims_count_for_velocities_as_sales_at_the_till_do(mall: Mall) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    for per in ("member", "till", "cashier"):
        mall.clock.advance(hours=2)
        await review(mall, velocities=[{"per": per, "window_seconds": 3_600, "receipts_max": 2}])
        statuses = []
        for who in (member_id, member_id, other, member_id):
            mall.clock.advance(minutes=1)
            sale = await nobodys(mall, 100, cashier_id="C7")
            statuses.append((await claim(mall, who, sale)).json()["status"])
        third = "posted" if per == "member" else "in_review"
        assert statuses == ["posted", "posted", third, "in_review"], per
        mall.clock.advance(minutes=1)
        named = mall.sale(100, member_id=member_id, cashier_id="C7")
        assert (await mall.push(named)).json()["status"] == "in_review"


async def test_the_first_of_two_that_look_the_same_is_claimed_as_any_other(mall: Mall) -> None:
    await review(mall, again_days=1)
    sale = await nobodys(mall, 10_000)
    day = (mall.clock() - timedelta(days=1)).date().isoformat()
    again = await mall.push({**sale, "business_date": day})
    assert again.json()["status"] == "in_review"
    assert (await claim(mall, await mall.enrol(), sale)).json()["status"] == "posted"


async def test_who_hits_the_total_after_many_guesses_is_looked_at_first(mall: Mall) -> None:
    guesser, slipped = await mall.enrol(), await mall.enrol()
    sale, other = await nobodys(mall, 1_234), await nobodys(mall, 900)
    for total in range(1_229, 1_234):
        wrong = await claim(mall, guesser, sale, total_minor=total)
        assert (wrong.status_code, wrong.json()["code"]) == (404, "receipt_unknown")
    for total in range(896, 900):
        await claim(mall, slipped, other, total_minor=total)
    assert (await claim(mall, guesser, sale)).json()["status"] == "in_review"
    assert (await claim(mall, slipped, other)).json()["status"] == "posted"
    [case] = await open_cases(mall)
    assert case["reasons"] == [{"code": "guessed", "wrong_claims": 5}]
    await mall.post(f"/v1/cases/{case['case_id']}/approval", {"note": "Seen the paper"})
    assert await mall.balance(guesser) == 12


async def test_a_member_claims_wrongly_so_often_a_day_and_no_more(mall: Mall) -> None:
    guesser, other = await mall.enrol(), await mall.enrol()
    sale = await nobodys(mall, 1_234)
    for number in range(20):
        wrong = await claim(mall, guesser, sale, receipt_number=f"N{number}")
        assert wrong.status_code == 404
    stopped = await claim(mall, guesser, sale)
    told = stopped.json()
    assert (stopped.status_code, told["code"]) == (422, "too_many_wrong_claims")
    assert told["wrong_claims_a_day_max"] == 20
    at_the_desk = await claim(mall, guesser, sale, "desk")
    assert at_the_desk.json()["code"] == "too_many_wrong_claims"
    mall.clock.advance(days=1)
    assert (await claim(mall, guesser, sale)).json()["status"] == "posted"
    assert (await claim(mall, other, sale)).status_code == 409


async def test_a_slip_a_day_stops_nobody(mall: Mall) -> None:
    forgetful = await mall.enrol()
    sale = await nobodys(mall, 1_234)
    for _ in range(21):
        assert (await claim(mall, forgetful, sale, total_minor=1)).status_code == 404
        mall.clock.advance(days=1)
    fresh = await nobodys(mall, 500)
    assert (await claim(mall, forgetful, fresh)).json()["status"] == "posted"


async def test_what_was_claimed_is_told_again_also_to_who_may_claim_no_more(mall: Mall) -> None:
    member_id, sale = await mall.enrol(), await nobodys(mall, 1_234)
    first = await claim(mall, member_id, sale)
    for number in range(20):
        await claim(mall, member_id, sale, receipt_number=f"N{number}")
    again = await claim(mall, member_id, sale)
    assert (again.status_code, again.json()) == (200, first.json())
