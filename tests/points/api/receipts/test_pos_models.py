"""What a till hears of a refund: the points that came back to who paid, and what was forgiven."""

from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from services.points.api.receipts.pos_models import PosTransactionOut
from tests.points.mall import Mall
from tests.points.spending import (
    bill_of,
    capture,
    held,
    member_with,
    paid_with,
    redeem,
    reverse,
    set_redemption_policy,
)


async def pay(mall: Mall, sale: dict[str, Any], payer: UUID, points: int) -> str:
    """The id of a payment by points of the sale, which is not recorded yet."""
    answer = await redeem(mall, sale, payer, points)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["redemption_id"])


def returned(redemption_id: str, points: int, amount_minor: int) -> dict[str, Any]:
    """What a till is told of points that came back."""
    return {
        "code": "points_returned",
        "redemption_id": redemption_id,
        "points": points,
        "amount_minor": amount_minor,
    }


async def told(mall: Mall, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The notes of the receipt's answer."""
    found = PosTransactionOut.model_validate((await mall.push(body)).json())
    return found.notes


@pytest.fixture(autouse=True)
async def policy(mall: Mall) -> None:
    """A point pays 0.01."""
    await set_redemption_policy(mall, step_points=1, step_minor=1)


@pytest.mark.parametrize("is_batch", [False, True])
async def test_a_refund_says_how_many_points_came_back_and_what_money_they_stand_for(
    mall: Mall, is_batch: bool
) -> None:
    member_id = await member_with(mall, 1_000)
    sale = mall.sale(399, member_id=member_id)
    paid = await pay(mall, sale, member_id, 300)
    await mall.push(paid_with(sale, 300, paid))
    refunds = [mall.refund(sale, (1, part)) for part in (133, 266)]
    if is_batch:
        notes = [answer["notes"] for answer in await mall.push_batch(refunds)]
    else:
        notes = [await told(mall, refund) for refund in refunds]
    assert notes == [[returned(paid, 100, 100)], [returned(paid, 200, 200)]]
    assert [await told(mall, refund) for refund in refunds] == notes
    assert await mall.balance(member_id) == 1_000


async def test_each_payment_is_told_apart_and_nobody_is_named(mall: Mall) -> None:
    buyer, payer = await mall.enrol(), await member_with(mall, 500)
    sale = mall.sale(1_000, member_id=buyer)
    paid = await pay(mall, sale, payer, 200)
    hold_id = await held(mall, payer, 300)
    captured = (await capture(mall, hold_id, receipt=bill_of(sale))).json()["redemption_id"]
    await mall.push(paid_with(sale, 500))
    answer = await mall.push(mall.refund(sale, (1, 500)))
    notes = sorted(answer.json()["notes"], key=lambda note: int(note["points"]))
    assert notes == [returned(paid, 100, 100), returned(captured, 150, 150)]
    assert str(payer) not in answer.text


async def test_what_stands_for_points_adds_up_to_what_they_paid_in_any_order(mall: Mall) -> None:
    newer = "2025-02-01T00:00:00+08:00"
    await set_redemption_policy(mall, step_points=3, step_minor=2, effective_from=newer)
    for order in permutations(range(4)):
        member_id = await member_with(mall, 70)
        sale = mall.sale(173, member_id=member_id)
        paid = await pay(mall, sale, member_id, 60)
        await reverse(mall, paid, points=11)
        refunds = [mall.refund(sale, (1, part)) for part in (97, 33, 43)]
        pushed = [paid_with(sale, 33, paid), *refunds]
        for number in order:
            assert (await mall.push(pushed[number])).status_code == 201
        notes = [note for refund in refunds for note in await told(mall, refund)]
        # Of 60 points that paid 40, 11 came back before.
        assert sum(note["points"] for note in notes) == 49
        assert sum(note["amount_minor"] for note in notes) == 33
        assert await mall.balance(member_id) == 70


async def test_a_refund_that_waited_tells_when_it_is_sent_again_what_came_back_for_it(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 300)
    sale = mall.sale(400)
    paid = await pay(mall, sale, member_id, 300)
    refunds = [mall.refund(sale, (1, part)) for part in (100, 101)]
    for refund in refunds:
        answer = (await mall.push(refund)).json()
        assert (answer["status"], answer["notes"]) == ("waiting_sale", [])
    [*_, told_at_once] = await mall.push_batch(
        [paid_with(sale, 300, paid), mall.refund(sale, (1, 199))]
    )
    assert told_at_once["notes"] == [returned(paid, 150, 150)]
    notes = [await told(mall, refund) for refund in refunds]
    assert notes == [[returned(paid, 75, 75)], [returned(paid, 75, 75)]]
    assert await mall.balance(member_id) == 300


async def test_a_claim_of_the_receipt_leaves_what_was_told_of_its_refund(mall: Mall) -> None:
    await mall.set_policy(clawback="clamp")
    member_id = await member_with(mall, 50)
    sale = mall.sale(10_000)
    paid = await pay(mall, sale, member_id, 50)
    await mall.push(paid_with(sale, 50, paid))
    refund = mall.refund(sale)
    notes = await told(mall, refund)
    assert notes == [returned(paid, 50, 50)]
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    path = f"/v1/members/{member_id}/receipt-claims"
    claim = {name: sale[name] for name in names}
    assert (await mall.client.post(path, json=claim, headers=mall.staff())).status_code == 200
    assert await told(mall, refund) == notes


async def test_points_that_came_back_are_told_beside_what_was_forgiven(mall: Mall) -> None:
    await mall.set_policy(clawback="clamp")
    member_id = await member_with(mall, 50)
    sale = mall.sale(10_050, member_id=member_id)
    paid = await pay(mall, sale, member_id, 50)
    await mall.push(paid_with(sale, 50, paid))
    await capture(mall, await held(mall, member_id, 100))
    forgiven = {"code": "clawback_forgiven", "mode": "clamp", "points": 50}
    assert await told(mall, mall.refund(sale)) == [returned(paid, 50, 50), forgiven]


@pytest.mark.parametrize("is_batch", [False, True])
async def test_what_was_forgiven_to_a_refund_that_waited_is_told_when_it_is_sent_again(
    mall: Mall, is_batch: bool
) -> None:
    member_id = await mall.enrol()
    earlier = await mall.sold(6_000, member_id=member_id)
    await capture(mall, await held(mall, member_id, 60))
    assert (await mall.push(mall.refund(earlier))).json()["balance"] == -60
    await mall.set_policy(clawback="clamp")
    sale = mall.sale(10_000, member_id=member_id)
    refund = mall.refund(sale)
    assert (await mall.push(refund)).json()["status"] == "waiting_sale"
    if is_batch:
        recorded, again = await mall.push_batch([sale, refund])
    else:
        recorded, again = [(await mall.push(body)).json() for body in (sale, refund)]
    assert (recorded["points"], recorded["balance"], recorded["notes"]) == (100, 40, [])
    assert (again["result"], again["status"]) == ("duplicate", "posted")
    assert (again["points"], again["balance"]) == (-40, 0)
    assert again["notes"] == [{"code": "clawback_forgiven", "mode": "clamp", "points": 60}]
