"""What points paid and what a receipt says may differ: staff find it, and settle it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.mismatches import LIST, differing, listed, listed_ids, other_shop, settle
from tests.points.spending import (
    member_with,
    paid_with,
    redeem,
    reverse,
    set_redemption_policy,
)
from tests.support.tokens import member_headers, staff_headers


@pytest.fixture(autouse=True)
async def policy(mall: Mall) -> None:
    """A point pays 1.00."""
    await set_redemption_policy(mall, step_points=1)


async def test_staff_see_what_differs_and_which_payments_to_reverse(mall: Mall) -> None:
    member_id = await member_with(mall, 50)
    sale = mall.sale(50, member_id=member_id, cashier_id="C7")
    paid = (await redeem(mall, sale, member_id, 1, receipt_total_minor=10**9)).json()
    told = (await mall.push(paid_with(sale, 50, paid["redemption_id"]))).json()
    await mall.sold(10_000, member_id=member_id)
    [found] = await listed(mall)
    assert found == {
        "transaction_id": told["pos_transaction_id"],
        "status": "open",
        "codes": [note["code"] for note in told["notes"]],
        "redeemed_minor": 100,
        "tendered_minor": 50,
        "claimed_minor": 10**9,
        "total_minor": 50,
        "currency": "CNY",
        "payments": [
            {
                "redemption_id": paid["redemption_id"],
                "points": 1,
                "amount_minor": 100,
                "returned": 0,
            }
        ],
        "member_id": str(member_id),
        "mall_id": str(mall.mall_id),
        "shop_id": str(mall.shop_id),
        "till_id": "T1",
        "cashier_id": "C7",
        "receipt_number": sale["receipt_number"],
        "business_date": sale["business_date"],
        "purchased_at": "2026-03-10T12:00:00Z",
        "recorded_at": "2026-03-10T12:00:00Z",
        "settled_by": None,
        "settled_at": None,
        "note": None,
    }
    await reverse(mall, paid["redemption_id"])
    assert (await listed(mall))[0]["payments"][0]["returned"] == 1


async def test_the_newest_come_first_in_pages(mall: Mall) -> None:
    # Those of one batch have the same instant.
    made = [await differing(mall), await differing(mall)]
    mall.clock.advance(minutes=1)
    made.append(await differing(mall))
    seen: list[str] = []
    before = None
    while True:
        query: dict[str, Any] = {"limit": 1} | ({} if before is None else {"before": before})
        page = (await mall.get(LIST, **query)).json()
        seen += [each["transaction_id"] for each in page["mismatches"]]
        before = page["next_before"]
        if before is None:
            break
    assert seen[0] == made[2]
    assert (len(seen), set(seen)) == (3, set(made))
    missing = await mall.get(LIST, before=str(new_id()))
    assert (missing.status_code, missing.json()["code"]) == (404, "payment_mismatch_unknown")


async def test_they_are_found_by_mall_and_by_the_day_on_the_receipt(mall: Mall) -> None:
    elsewhere = new_id()
    there = await other_shop(mall, elsewhere)
    day = mall.clock().date()
    early = (day - timedelta(days=1)).isoformat()
    here, old = await differing(mall), await differing(mall, business_date=early)
    abroad = await differing(mall, there)
    assert await listed_ids(mall, mall_id=str(elsewhere)) == [abroad]
    assert set(await listed_ids(mall, mall_id=str(mall.mall_id))) == {here, old}
    assert await listed_ids(mall, last_day=early) == [old]
    assert set(await listed_ids(mall, first_day=day.isoformat())) == {here, abroad}
    both: dict[str, Any] = {"first_day": early, "last_day": early, "mall_id": str(elsewhere)}
    assert await listed_ids(mall, **both) == []
    wrong = await mall.get(LIST, first_day=day.isoformat(), last_day=early)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "days_reversed")


async def test_staff_of_a_shop_or_its_mall_see_and_settle_theirs_only(mall: Mall) -> None:
    elsewhere = new_id()
    there = await other_shop(mall, elsewhere)
    here, abroad = await differing(mall), await differing(mall, there)
    for places, found in (
        ({"mall_ids": [new_id()]}, []),
        ({"shop_ids": [new_id()]}, []),
        ({"mall_ids": [elsewhere]}, [abroad]),
        ({"shop_ids": [mall.shop_id]}, [here]),
        ({"mall_ids": [mall.mall_id], "shop_ids": [there]}, [abroad, here]),
    ):
        assert sorted(await listed_ids(mall, places)) == sorted(found), places
    assert await listed_ids(mall, {"mall_ids": [elsewhere]}, mall_id=str(mall.mall_id)) == []
    outside = staff_headers(mall.clock, mall.program_id, mall_ids=[elsewhere])
    refused = await settle(mall, here, **outside)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    inside = staff_headers(mall.clock, mall.program_id, shop_ids=[mall.shop_id])
    assert (await settle(mall, here, **inside)).status_code == 200


async def test_only_the_role_sees_them_and_what_agrees_is_not_among_them(mall: Mall) -> None:
    member_id = await member_with(mall, 50)
    sale = mall.sale(10_000, member_id=member_id)
    paid = (await redeem(mall, sale, member_id, 5)).json()
    told = (await mall.push(paid_with(sale, 500, paid["redemption_id"]))).json()
    assert (told["notes"], await listed(mall)) == ([], [])
    missing = await settle(mall, told["pos_transaction_id"])
    assert (missing.status_code, missing.json()["code"]) == (404, "payment_mismatch_unknown")
    for headers in (mall.staff("desk"), member_headers(mall.clock, mall.program_id, member_id)):
        assert (await mall.client.get(LIST, headers=headers)).status_code == 403
        assert (await settle(mall, str(new_id()), **headers)).status_code == 403
