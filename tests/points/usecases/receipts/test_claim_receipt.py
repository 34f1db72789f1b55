"""Anonymous receipts find their members."""

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
