"""Refunds of receipts that earned, burned, or both; R-11, R-12 and S-4 over HTTP."""

from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.points.mall import Mall
from tests.points.spending import (
    CLIENTS,
    at_once,
    bill_of,
    capture,
    dated_lots,
    held,
    member_with,
    paid_with,
    redeem,
    reverse,
    set_redemption_policy,
    spendable,
)


async def paid_sale(
    mall: Mall, buyer: UUID | None, payer: UUID, points: int, total_minor: int
) -> dict[str, Any]:
    """A sale, not yet pushed, a part of which points have paid: a point pays 1.00."""
    sale = mall.sale(total_minor, member_id=buyer)
    answer = await redeem(mall, sale, payer, points)
    assert answer.status_code == 201, answer.text
    return paid_with(sale, points * 100, answer.json()["redemption_id"])


@pytest.fixture(autouse=True)
async def policy(mall: Mall) -> None:
    """A point pays 1.00."""
    await set_redemption_policy(mall, step_points=1)


async def test_r_11_a_full_refund_gives_back_what_paid_and_takes_back_what_was_earned(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 50)
    sale = await paid_sale(mall, member_id, member_id, 50, 14_500)
    assert (await mall.push(sale)).json()["points"] == 95
    assert await mall.balance(member_id) == 95
    assert (await mall.push(mall.refund(sale))).json()["points"] == -95
    assert await mall.balance(member_id) == 50
    assert await dated_lots(mall, member_id) == [(50, "never")]


async def test_r_12_earn_100_spend_100_refund_leaves_a_debt_and_never_silence(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    await capture(mall, await held(mall, member_id, 100))
    told = (await mall.push(mall.refund(sale))).json()
    assert (told["points"], told["balance"]) == (-100, -100)
    await mall.sold(15_000, member_id=member_id)
    assert await spendable(mall, member_id) == (50, 50, 0)


@pytest.mark.parametrize("mode", ["clamp", "within_balance"])
async def test_r_12_what_the_policy_forgives_is_told_and_kept(mall: Mall, mode: str) -> None:
    await mall.set_policy(clawback=mode)
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    await capture(mall, await held(mall, member_id, 60))
    first = (await mall.push(mall.refund(sale, (1, 3_000)))).json()
    assert (first["points"], first["notes"]) == (-30, [])
    last = (await mall.push(mall.refund(sale, (1, 7_000)))).json()
    assert (last["points"], last["balance"]) == (-10, 0)
    assert last["notes"] == [{"code": "clawback_forgiven", "mode": mode, "points": 60}]
    assert await mall.rows(
        "SELECT kind, earned, clawed, forgiven FROM pos_transaction WHERE program_id = :p "
        "AND forgiven > 0 ORDER BY kind"
    ) == [("refund", 0, 0, 60), ("sale", 100, 100, 60)]


@pytest.mark.parametrize("is_captured_first", [True, False])
@pytest.mark.parametrize(
    ("mode", "balance", "points"),
    [("debt", -100, -150), ("clamp", 0, -50), ("within_balance", 0, -50)],
)
async def test_what_is_held_is_promised_whether_it_is_captured_before_the_refund_or_after(
    mall: Mall, mode: str, balance: int, points: int, is_captured_first: bool
) -> None:
    await mall.set_policy(clawback=mode)
    member_id = await mall.enrol()
    sale = await mall.sold(15_000, member_id=member_id)
    hold_id = await held(mall, member_id, 100)
    if is_captured_first:
        await capture(mall, hold_id)
    told = (await mall.push(mall.refund(sale))).json()
    assert (told["points"], sum(note["points"] for note in told["notes"])) == (points, 150 + points)
    if not is_captured_first:
        assert (await capture(mall, hold_id)).status_code == 201
    assert await spendable(mall, member_id) == (balance, 0, 0)


async def test_r_10_a_part_comes_back_with_a_part_and_all_with_the_last_of_it(mall: Mall) -> None:
    member_id = await member_with(mall, 50)
    sale = await paid_sale(mall, member_id, member_id, 50, 15_000)
    await mall.push(sale)
    await mall.push(mall.refund(sale, (1, 5_000)))
    assert await mall.balance(member_id) == 100 - 33 + 16
    await mall.push(mall.refund(sale, (1, 10_000)))
    assert await mall.balance(member_id) == 50


async def test_any_order_of_a_sale_and_its_refunds_ends_in_the_same_books(mall: Mall) -> None:
    found = set()
    for order in permutations(range(4)):
        member_id = await member_with(mall, 70)
        sale = await paid_sale(mall, member_id, member_id, 70, 17_300)
        pushed = [sale, *(mall.refund(sale, (1, part)) for part in (5_000, 3_300, 700))]
        for number in order:
            assert (await mall.push(pushed[number])).status_code == 201
        found.add((await mall.balance(member_id), tuple(await dated_lots(mall, member_id))))
    assert len(found) == 1, found


async def test_the_payer_gets_the_points_back_whoever_bought(mall: Mall) -> None:
    buyer, payer = await mall.enrol(), await member_with(mall, 50)
    for number, owner in enumerate((buyer, None)):
        sale = await paid_sale(mall, owner, payer, 25, 10_000)
        pushed = [sale, mall.refund(sale)]
        for body in pushed if number else reversed(pushed):
            assert (await mall.push(body)).status_code == 201
    assert (await mall.balance(buyer), await mall.balance(payer)) == (0, 50)


async def test_a_sale_and_its_refund_in_one_batch_give_back_once(mall: Mall) -> None:
    member_id = await member_with(mall, 50)
    sale = await paid_sale(mall, member_id, member_id, 50, 10_000)
    refund = mall.refund(sale)
    for _ in range(2):
        results = await mall.push_batch([refund, sale])
        assert {result["result"] for result in results} <= {"accepted", "duplicate"}
    assert await mall.balance(member_id) == 50


async def test_r_13_of_32_refunds_of_a_paid_receipt_at_once_one_gives_back(
    mall: Mall, twin: Mall
) -> None:
    member_id = await member_with(mall, 50)
    sale = await paid_sale(mall, member_id, member_id, 50, 10_000)
    await mall.push(sale)
    doors = [mall, twin] * (CLIENTS // 2)
    answers: list[httpx.Response] = await at_once(*(d.push(mall.refund(sale)) for d in doors))
    assert [a.status_code for a in answers].count(201) == 1
    assert await mall.balance(member_id) == 50


async def test_what_was_undone_at_the_till_does_not_come_back_again_by_a_refund(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 50)
    sale = mall.sale(10_000, member_id=member_id)
    paid = (await redeem(mall, sale, member_id, 40)).json()
    await reverse(mall, paid["redemption_id"], points=30)
    await mall.push(paid_with(sale, 4_000))
    await mall.push(mall.refund(sale, (1, 5_000)))
    assert await mall.balance(member_id) == 40 + 60 - 30
    await mall.push(mall.refund(sale, (1, 5_000)))
    assert await mall.balance(member_id) == 50


async def test_a_capture_that_names_its_receipt_comes_back_with_a_refund(mall: Mall) -> None:
    member_id = await member_with(mall, 50)
    sale = mall.sale(10_000, member_id=member_id)
    await capture(mall, await held(mall, member_id, 40), receipt=bill_of(sale))
    await mall.push(paid_with(sale, 4_000))
    await mall.push(mall.refund(sale))
    assert await spendable(mall, member_id) == (50, 50, 0)


async def test_points_that_come_back_repay_what_the_same_refund_takes(mall: Mall) -> None:
    await mall.set_policy(clawback="clamp")
    member_id = await member_with(mall, 50)
    sale = await paid_sale(mall, member_id, member_id, 50, 15_000)
    earned = (await mall.push(sale)).json()["points"]
    await capture(mall, await held(mall, member_id, earned))
    told = (await mall.push(mall.refund(sale))).json()
    assert (told["balance"], told["points"]) == (0, -50)
    assert [(note["code"], note["points"]) for note in told["notes"]] == [
        ("points_returned", 50),
        ("clawback_forgiven", earned - 50),
    ]


async def test_points_that_come_back_repay_what_is_taken_also_when_the_refund_came_first(
    mall: Mall,
) -> None:
    owing = []
    for _ in range(2):
        member_id = await member_with(mall, 50)
        sale = await paid_sale(mall, member_id, member_id, 50, 14_500)
        earlier = await mall.sold(6_000, member_id=member_id)
        await capture(mall, await held(mall, member_id, 60))
        assert (await mall.push(mall.refund(earlier))).json()["balance"] == -60
        owing.append((member_id, sale))
    await mall.set_policy(clawback="clamp")
    for number, (member_id, sale) in enumerate(owing):
        for body in (sale, mall.refund(sale)) if number else (mall.refund(sale), sale):
            assert (await mall.push(body)).status_code == 201
        assert await mall.balance(member_id) == 0
    forgiven = "SELECT forgiven FROM pos_transaction WHERE program_id = :p AND forgiven > 0"
    assert await mall.rows(forgiven) == [(10,)] * 4


async def test_a_receipt_that_was_claimed_late_gave_back_only_once(mall: Mall) -> None:
    member_id = await member_with(mall, 50)
    sale = await paid_sale(mall, None, member_id, 50, 10_000)
    await mall.push(sale)
    await mall.push(mall.refund(sale, (1, 4_000)))
    assert await mall.balance(member_id) == 20
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    claimed = await mall.client.post(
        f"/v1/members/{member_id}/receipt-claims",
        json={name: sale[name] for name in names},
        headers=mall.staff(),
    )
    assert claimed.status_code == 200, claimed.text
    assert await mall.balance(member_id) == 20 + 30


async def test_what_points_paid_earns_nothing_though_the_receipt_does_not_say_that_they_did(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 50)
    sale = mall.sale(10_000, member_id=member_id)
    assert (await redeem(mall, sale, member_id, 5)).status_code == 201
    told, again = await mall.push(sale), await mall.push(sale)
    assert (told.status_code, told.json()["points"]) == (201, 95)
    note = {"code": "points_tender_differs", "tendered_minor": 0, "redeemed_minor": 500}
    assert told.json()["notes"] == again.json()["notes"] == [note]
    assert (again.status_code, again.json()["points"]) == (200, 95)
    assert (await mall.push(mall.refund(sale))).json()["points"] == -95
    assert await spendable(mall, member_id) == (50, 50, 0)


async def test_what_points_paid_of_an_anonymous_receipt_earns_nothing_when_it_is_claimed(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 50)
    sale = mall.sale(10_000)
    await redeem(mall, sale, member_id, 40)
    assert (await mall.push(sale)).json()["points"] == 0
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    claim = {name: sale[name] for name in names}
    path = f"/v1/members/{member_id}/receipt-claims"
    assert (await mall.client.post(path, json=claim, headers=mall.staff())).status_code == 200
    assert await mall.balance(member_id) == 10 + 60


async def test_points_that_nobody_paid_earn_nothing_and_the_till_is_told(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = paid_with(mall.sale(10_000, member_id=member_id), 9_000, str(uuid4()))
    [told] = await mall.push_batch([sale])
    assert told["points"] == 10
    note = {"code": "points_tender_differs", "tendered_minor": 9_000, "redeemed_minor": 0}
    assert told["notes"] == [note]


async def test_a_receipt_of_another_total_than_was_paid_is_told(mall: Mall) -> None:
    member_id = await member_with(mall, 50)
    sale = mall.sale(50, member_id=member_id)
    answer = await redeem(mall, sale, member_id, 1, receipt_total_minor=1_000_000_000)
    told = (await mall.push(paid_with(sale, 50, answer.json()["redemption_id"]))).json()
    assert (told["result"], told["points"]) == ("accepted", 0)
    assert told["notes"] == [
        {"code": "points_tender_differs", "tendered_minor": 50, "redeemed_minor": 100},
        {"code": "points_total_differs", "claimed_minor": 1_000_000_000, "total_minor": 50},
    ]
    assert await mall.rows(
        "SELECT redeemed_minor, tendered_minor, claimed_minor FROM payment_mismatch "
        "WHERE program_id = :p"
    ) == [(100, 50, 1_000_000_000)]


async def test_what_was_undone_before_the_receipt_is_not_asked_of_it(mall: Mall) -> None:
    member_id = await member_with(mall, 50)
    sale = mall.sale(10_000, member_id=member_id)
    paid = (await redeem(mall, sale, member_id, 5)).json()
    await reverse(mall, paid["redemption_id"])
    told = (await mall.push(sale)).json()
    assert (told["points"], told["notes"]) == (100, [])


async def test_a_refund_before_its_sale_gives_back_what_the_sale_does_not_speak_of(
    mall: Mall,
) -> None:
    buyer, payer = await mall.enrol(), await member_with(mall, 50)
    sale = mall.sale(10_000, member_id=buyer)
    assert (await mall.push(mall.refund(sale, (1, 5_000)))).json()["status"] == "waiting_sale"
    assert (await redeem(mall, sale, payer, 40)).status_code == 201
    assert (await mall.push(sale)).json()["points"] == 60
    assert (await mall.balance(buyer), await mall.balance(payer)) == (30, 10 + 20)


async def test_r_11_32_tills_that_refund_paid_receipts_at_once_give_back_and_take_back_exactly(
    mall: Mall, twin: Mall
) -> None:
    member_id = await member_with(mall, 5 * CLIENTS)
    sales = [await paid_sale(mall, member_id, member_id, 5, 10_000) for _ in range(CLIENTS)]
    doors = [mall, twin] * (CLIENTS // 2)
    answers: list[httpx.Response] = await at_once(
        *(d.push(sale) for d, sale in zip(doors, sales, strict=True))
    )
    assert {a.json()["points"] for a in answers} == {95}
    assert await mall.balance(member_id) == 95 * CLIENTS
    await at_once(*(d.push(mall.refund(s)) for d, s in zip(doors, sales, strict=True)))
    assert await mall.balance(member_id) == 5 * CLIENTS
    assert await dated_lots(mall, member_id) == [(5 * CLIENTS, "never")]


async def test_r_12_refunds_and_spending_at_once_leave_the_debt_to_a_point(
    mall: Mall, twin: Mall
) -> None:
    member_id = await mall.enrol()
    sales = [await mall.sold(10_000, member_id=member_id) for _ in range(CLIENTS // 2)]
    holds = [await held(mall, member_id, 100) for _ in sales]
    doors = [mall, twin] * (CLIENTS // 4)
    refunds = (d.push(mall.refund(sale)) for d, sale in zip(doors, sales, strict=True))
    captures = (capture(d, hold_id) for d, hold_id in zip(doors, holds, strict=True))
    answers: list[httpx.Response] = await at_once(*refunds, *captures)
    assert {answer.status_code for answer in answers} == {201}
    assert await mall.balance(member_id) == -100 * len(sales)
