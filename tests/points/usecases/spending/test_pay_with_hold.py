"""Points that were set aside pay a receipt by the same rules as points that were not."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.points.mall import Mall
from tests.points.spending import (
    ask,
    at_once,
    bill_of,
    capture,
    codes,
    held,
    member_with,
    paid_with,
    redeem,
    reverse,
    set_redemption_policy,
    spendable,
)


async def hold_and_pay(mall: Mall, sale: dict[str, Any], member_id: UUID, points: int) -> Any:
    """Set the points aside and pay with all of them."""
    return await capture(mall, await held(mall, member_id, points), receipt=bill_of(sale))


@pytest.fixture(autouse=True)
async def policy(mall: Mall) -> None:
    """10 points pay 0.10, 20 at least, half of a receipt at most."""
    gold = {"step_points": 5, "step_minor": 10}
    fields = {"step_points": 10, "step_minor": 10, "minimum_points": 20, "share_percent_max": 50}
    await set_redemption_policy(mall, **fields, tiers={"gold": gold})


async def test_a_capture_that_names_its_receipt_pays_what_the_policy_says(mall: Mall) -> None:
    member_id = await member_with(mall, 1_000)
    sale = mall.sale(2_000, member_id=member_id)
    hold_id = await held(mall, member_id, 300)
    asked: dict[str, Any] = {"points": 200, "idempotency_key": "pay", "receipt": bill_of(sale)}
    answer = await capture(mall, hold_id, **asked)
    assert answer.status_code == 201, answer.text
    paid = answer.json()
    told = ("points", "held", "balance", "amount_minor", "currency")
    assert [paid[name] for name in told] == [200, 0, 800, 200, "CNY"]
    assert await spendable(mall, member_id) == (800, 800, 0)
    recorded = (await mall.push(paid_with(sale, 200, paid["redemption_id"]))).json()
    assert (recorded["points"], recorded["notes"]) == (18, [])
    again = await capture(mall, hold_id, **asked)
    assert (again.status_code, again.json()) == (200, paid)
    for other in ({"points": 190}, {"receipt": bill_of(sale, total_minor=1)}, {"receipt": None}):
        refused = await capture(mall, hold_id, **{**asked, **other})
        assert refused.json()["code"] == "idempotency_key_reused"
    row = (await mall.get(f"/v1/members/{member_id}/postings/2", member_id)).json()
    assert (
        row["sentences"]["en"] == "200 points paid CNY 2.00 (R1): policy 1, tier basic, rate 10:10."
    )


async def test_all_that_pays_a_receipt_counts_towards_its_share(mall: Mall) -> None:
    first, second = await member_with(mall, 1_000), await member_with(mall, 1_000)
    sale = mall.sale(2_000)
    assert (await hold_and_pay(mall, sale, first, 600)).status_code == 201
    refused = await redeem(mall, sale, second, 410)
    assert (refused.json()["code"], refused.json()["left_minor"]) == ("redemption_above_share", 400)
    assert (await redeem(mall, sale, second, 300)).status_code == 201
    refused = await hold_and_pay(mall, sale, second, 110)
    assert (refused.json()["code"], refused.json()["left_minor"]) == ("redemption_above_share", 100)
    paid = await hold_and_pay(mall, sale, second, 100)
    assert paid.json()["amount_minor"] == 100
    await reverse(mall, paid.json()["redemption_id"], points=50)
    assert (await hold_and_pay(mall, sale, first, 50)).json()["amount_minor"] == 50


async def test_a_tier_pays_by_its_own_tariff(mall: Mall) -> None:
    member_id = await mall.enrol("gold")
    await mall.adjust(member_id, 100, "k")
    assert (await hold_and_pay(mall, mall.sale(1_000), member_id, 15)).json()["amount_minor"] == 30


@pytest.mark.parametrize(
    ("points", "bill", "code"),
    [
        (10, {}, "redemption_below_minimum"),
        (25, {}, "redemption_not_in_steps"),
        (200, {}, "redemption_above_share"),
        (201, {}, "hold_too_small"),
        (20, {"currency": "EUR"}, "currency_mismatch"),
        (20, {"till_id": "NOPE"}, "unknown_till"),
        (20, {"business_date": "1999-12-31"}, "business_date_implausible"),
        (20, {"business_date": "9999-12-31"}, "business_date_implausible"),
    ],
)
async def test_what_may_not_pay_leaves_the_hold_and_nothing_else(
    mall: Mall, points: int, bill: dict[str, Any], code: str
) -> None:
    member_id = await member_with(mall, 500)
    hold_id = await held(mall, member_id, 200)
    receipt = bill_of(mall.sale(300), **bill)
    answer = await capture(mall, hold_id, points, receipt=receipt)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await spendable(mall, member_id) == (500, 300, 200)
    assert await mall.rows("SELECT status FROM pos_transaction WHERE program_id = :p") == []
    paid = await redeem(mall, mall.sale(300), member_id, 20, receipt={**receipt, **bill})
    assert paid.status_code == 422


@pytest.mark.parametrize(
    "fields", [{"till_id": "NOPE"}, {"business_date": "1999-12-31"}], ids=["till", "date"]
)
async def test_points_that_were_not_held_do_not_pay_what_cannot_be_a_receipt_either(
    mall: Mall, fields: dict[str, Any]
) -> None:
    member_id = await member_with(mall, 500)
    answer = await redeem(mall, {**mall.sale(300), **fields}, member_id, 20)
    code = {"till_id": "unknown_till"}.get(next(iter(fields)), "business_date_implausible")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await mall.balance(member_id) == 500


async def test_a_receipt_of_last_week_can_be_paid(mall: Mall) -> None:
    member_id = await member_with(mall, 500)
    day = (mall.clock() - timedelta(days=7)).date().isoformat()
    assert (await hold_and_pay(mall, mall.sale(300, business_date=day), member_id, 20)).json()[
        "amount_minor"
    ] == 20


async def test_a_receipt_that_was_refunded_or_recorded_is_not_paid(mall: Mall) -> None:
    member_id = await member_with(mall, 500)
    sale = await mall.sold(10_000, member_id=member_id)
    refused = await hold_and_pay(mall, sale, member_id, 100)
    assert (refused.status_code, refused.json()["code"]) == (409, "receipt_already_recorded")
    await mall.push(mall.refund(sale))
    refused = await hold_and_pay(mall, sale, member_id, 100)
    assert (refused.status_code, refused.json()["code"]) == (409, "receipt_already_recorded")
    assert await spendable(mall, member_id) == (500, 300, 200)


async def test_without_a_policy_only_what_is_not_on_a_receipt_is_captured(mall: Mall) -> None:
    other = await mall.another()
    member_id = await member_with(other, 500)
    hold_id = await held(other, member_id, 100)
    refused = await capture(other, hold_id, receipt=bill_of(other.sale(1_000)))
    assert (refused.status_code, refused.json()["code"]) == (422, "redemption_not_offered")
    paid = (await capture(other, hold_id)).json()
    assert (paid["points"], paid["amount_minor"], paid["currency"]) == (100, None, None)


async def test_a_receipt_is_named_with_its_total_and_its_currency(mall: Mall) -> None:
    member_id = await member_with(mall, 500)
    hold_id = await held(mall, member_id, 100)
    bill = bill_of(mall.sale(1_000))
    for name in ("total_minor", "currency"):
        partial = {key: value for key, value in bill.items() if key != name}
        body = {"idempotency_key": "k", "hold_id": hold_id, "receipt": partial}
        answer = await ask(mall, "hold-captures", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_captures_sales_and_refunds_at_once_lose_no_point(mall: Mall, twin: Mall) -> None:
    payers = [await member_with(mall, 1_200) for _ in range(2)]
    sales = [mall.sale(10_000) for _ in range(16)]
    holds = [await held(mall, payers[n % 2], 100) for n in range(16)]

    async def sell(door: Mall, sale: dict[str, Any]) -> Any:
        await door.push(paid_with(sale, 100))
        return await door.push(door.refund(sale))

    doors = [mall, twin] * 8
    captures = (
        capture(d, hold_id, receipt=bill_of(sale))
        for d, hold_id, sale in zip(doors, holds, sales, strict=True)
    )
    selling = (sell(d, sale) for d, sale in zip(doors, sales, strict=True))
    answers = await at_once(*captures, *selling)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert set(codes(answers)) <= {"receipt_already_recorded"}
    # Who paid before the sale got it back by the refund; who came later still holds it.
    assert [await mall.balance(payer) for payer in payers] == [1_200, 1_200]


async def test_a_capture_sent_32_times_at_once_pays_once(mall: Mall, twin: Mall) -> None:
    member_id = await member_with(mall, 500)
    hold_id, bill = await held(mall, member_id, 100), bill_of(mall.sale(1_000))
    asked = (
        capture(d, hold_id, 50, is_final=False, receipt=bill, idempotency_key="pay")
        for d in [mall, twin] * 16
    )
    answers = await at_once(*asked)
    assert sorted(answer.status_code for answer in answers) == [200] * 31 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert await spendable(mall, member_id) == (450, 400, 50)
