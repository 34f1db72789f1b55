"""Points that pay at a till, over HTTP: quote, R-4, S-7, and how they come back."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.points.mall import Mall
from tests.points.spending import (
    CLIENTS,
    ask,
    at_once,
    capture,
    codes,
    dated_lots,
    held,
    member_with,
    receipt_of,
    redeem,
    redemption_body,
    reverse,
    set_redemption_policy,
    spendable,
)


async def quote(mall: Mall, total_minor: int, member_id: UUID) -> dict[str, int]:
    body = redemption_body(mall.sale(total_minor), member_id, 1)
    del body["idempotency_key"], body["points"]
    answer = await ask(mall, "redemption-quotes", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()
    return found


async def test_points_pay_what_the_policy_says_and_the_quote_said(mall: Mall) -> None:
    await set_redemption_policy(mall, share_percent_max=50, minimum_points=200)
    member_id = await member_with(mall, 1_250)
    offered = await quote(mall, 20_000, member_id)
    assert (offered["points_max"], offered["amount_minor_max"]) == (1_200, 1_200)
    assert (await quote(mall, 1_999, member_id))["points_max"] == 900
    assert (await quote(mall, 399, member_id))["points_max"] == 0
    answer = await redeem(mall, mall.sale(20_000), member_id, 1_200)
    assert answer.status_code == 201, answer.text
    paid = answer.json()
    assert (paid["amount_minor"], paid["currency"], paid["balance"]) == (1_200, "CNY", 50)


@pytest.mark.parametrize(
    ("points", "code"),
    [
        (100, "redemption_below_minimum"),
        (250, "redemption_not_in_steps"),
        (1_100, "redemption_above_share"),
    ],
)
async def test_what_the_policy_does_not_allow_is_refused(
    mall: Mall, points: int, code: str
) -> None:
    await set_redemption_policy(mall, share_percent_max=50, minimum_points=200)
    member_id = await member_with(mall, 5_000)
    answer = await redeem(mall, mall.sale(2_000), member_id, points)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_the_share_of_a_receipt_counts_all_that_pays_it(mall: Mall) -> None:
    await set_redemption_policy(mall, share_percent_max=50)
    first, second = await member_with(mall, 5_000), await member_with(mall, 5_000)
    sale = mall.sale(2_000)
    assert (await redeem(mall, sale, first, 600)).status_code == 201
    refused = await redeem(mall, sale, second, 500)
    assert (refused.json()["code"], refused.json()["left_minor"]) == ("redemption_above_share", 400)
    assert (await redeem(mall, sale, second, 400)).status_code == 201


async def test_what_was_undone_of_a_payment_counts_towards_the_share_no_more(mall: Mall) -> None:
    await set_redemption_policy(mall, step_points=3, step_minor=2, share_percent_max=50)
    member_id = await member_with(mall, 5_000)
    sale = mall.sale(1_000)
    paid = (await redeem(mall, sale, member_id, 600)).json()
    await reverse(mall, paid["redemption_id"], points=590)
    # 10 points are left of 600 that paid 400: six and two thirds, which count as seven.
    refused = await redeem(mall, sale, member_id, 741)
    assert (refused.json()["code"], refused.json()["left_minor"]) == ("redemption_above_share", 493)
    assert (await redeem(mall, sale, member_id, 738)).json()["amount_minor"] == 492


async def test_r_4_of_32_tills_that_are_paid_with_the_same_100_points_one_is(
    mall: Mall, twin: Mall
) -> None:
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 100)
    doors = [mall, twin] * (CLIENTS // 2)
    answers = await at_once(*(redeem(d, mall.sale(500), member_id, 100) for d in doors))
    assert sorted(a.status_code for a in answers) == [201] + [422] * (CLIENTS - 1)
    assert set(codes(answers)) == {"insufficient_points"}
    assert await spendable(mall, member_id) == (0, 0, 0)


async def test_32_members_that_pay_one_receipt_at_once_pay_no_more_than_its_share(
    mall: Mall, twin: Mall
) -> None:
    await set_redemption_policy(mall, share_percent_max=50)
    members = [await member_with(mall, 100) for _ in range(8)]
    sale = mall.sale(1_000)
    doors = [mall, twin] * 4
    paid = (redeem(d, sale, m, 100) for d, m in zip(doors, members, strict=True))
    answers = await at_once(*paid)
    assert [a.status_code for a in answers].count(201) == 5
    assert set(codes(answers)) == {"redemption_above_share"}


async def test_s_7_the_same_order_is_paid_once_and_undone_once(mall: Mall) -> None:
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 1_000)
    body = redemption_body(mall.sale(1_000), member_id, 300)
    first, second = [await ask(mall, "redemptions", body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert await mall.balance(member_id) == 700
    undone = [
        await reverse(mall, first.json()["redemption_id"], idempotency_key="void") for _ in range(2)
    ]
    assert [a.status_code for a in undone] == [201, 200]
    assert undone[0].json() == undone[1].json()
    assert await mall.balance(member_id) == 1_000
    other = await ask(mall, "redemptions", {**body, "points": 400})
    assert other.json()["code"] == "idempotency_key_reused"
    other = await reverse(mall, first.json()["redemption_id"], idempotency_key="void", points=1)
    assert other.json()["code"] == "idempotency_key_reused"


async def test_sp_1_no_more_comes_back_than_was_spent(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    paid = await capture(mall, await held(mall, member_id, 40))
    redemption_id = paid.json()["redemption_id"]
    assert (await reverse(mall, redemption_id, points=30)).json()["balance"] == 90
    answer = await reverse(mall, redemption_id, points=11)
    assert (answer.status_code, answer.json()["code"]) == (422, "reversal_exceeds_redemption")
    assert answer.json()["returnable"] == 10
    assert (await reverse(mall, redemption_id)).json()["returned"] == 40
    assert (await reverse(mall, redemption_id)).json()["points"] == 0
    assert await mall.balance(member_id) == 100


async def test_32_reversals_at_once_give_back_once(mall: Mall, twin: Mall) -> None:
    member_id = await member_with(mall, 100)
    paid = await capture(mall, await held(mall, member_id, 40))
    redemption_id = paid.json()["redemption_id"]
    doors = [mall, twin] * (CLIENTS // 2)
    answers = await at_once(*(reverse(d, redemption_id, points=40) for d in doors))
    assert sorted(a.status_code for a in answers) == [201] + [422] * (CLIENTS - 1)
    assert await mall.balance(member_id) == 100


async def test_points_come_back_to_the_lots_that_they_came_from(mall: Mall) -> None:
    await set_redemption_policy(mall)
    member_id = await mall.enrol()
    await mall.set_policy(expires_months=1)
    await mall.sold(10_000, member_id=member_id)
    mall.clock.advance(days=31)
    await mall.sold(10_000, member_id=member_id)
    before = await dated_lots(mall, member_id)
    assert [points for points, _ in before] == [100, 100]
    mall.clock.advance(days=-25)
    redeemed = await redeem(mall, mall.sale(1_000), member_id, 200)
    redemption_id = redeemed.json()["redemption_id"]
    await reverse(mall, redemption_id, points=50)
    assert await dated_lots(mall, member_id) == [(50, before[1][1])]
    await reverse(mall, redemption_id, points=70)
    assert await dated_lots(mall, member_id) == [(20, before[0][1]), (100, before[1][1])]
    await reverse(mall, redemption_id)
    assert await dated_lots(mall, member_id) == before


async def test_points_that_come_back_after_their_end_have_the_grace_that_is_stated(
    mall: Mall,
) -> None:
    await set_redemption_policy(mall, return_grace_days=30)
    member_id = await mall.enrol()
    await mall.set_policy(expires_months=1)
    await mall.sold(10_000, member_id=member_id)
    redeemed = await redeem(mall, mall.sale(1_000), member_id, 100)
    mall.clock.advance(days=60)
    await reverse(mall, redeemed.json()["redemption_id"])
    end = (mall.clock() + timedelta(days=30)).date().isoformat()
    assert await dated_lots(mall, member_id) == [(100, end)]
    assert await mall.rows(
        "SELECT mall_id, shop_id FROM lot WHERE program_id = :p AND remaining > 0"
    ) == [(mall.mall_id, mall.shop_id)]
    posting = (await mall.get(f"/v1/members/{member_id}/postings/3")).json()
    assert posting["kind"] == "redemption_return"
    assert "30 more days" in posting["sentences"]["en"]


async def test_without_a_grace_points_come_back_with_the_end_that_they_had(mall: Mall) -> None:
    await set_redemption_policy(mall)
    member_id = await mall.enrol()
    await mall.set_policy(expires_months=1)
    await mall.sold(10_000, member_id=member_id)
    before = await dated_lots(mall, member_id)
    redeemed = await redeem(mall, mall.sale(1_000), member_id, 100)
    mall.clock.advance(days=60)
    await reverse(mall, redeemed.json()["redemption_id"])
    assert await dated_lots(mall, member_id) == before
    assert await spendable(mall, member_id) == (100, 0, 0)


async def test_points_do_not_pay_a_receipt_that_is_recorded(mall: Mall) -> None:
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 500)
    sale = await mall.sold(1_000)
    answer = await redeem(mall, sale, member_id, 100)
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt_already_recorded")


async def test_the_currency_is_the_malls_and_the_member_is_known(mall: Mall) -> None:
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 500)
    answer = await redeem(mall, mall.sale(1_000), member_id, 100, currency="EUR")
    assert answer.json()["code"] == "currency_mismatch"
    answer = await redeem(mall, mall.sale(1_000), uuid4(), 100)
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")


async def test_another_shop_cannot_undo_what_was_paid_here(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    paid = await capture(mall, await held(mall, member_id, 40))
    far = replace(mall, shop_id=uuid4())
    await far.open_shop()
    answer = await reverse(far, paid.json()["redemption_id"])
    assert (answer.status_code, answer.json()["code"]) == (404, "redemption_unknown")
    await mall.hear(mall.till_event(is_active=False, revision=2))
    assert (await reverse(mall, paid.json()["redemption_id"])).json()["code"] == "till_inactive"


async def test_a_hold_whose_time_is_over_is_not_in_the_way_of_a_payment(mall: Mall) -> None:
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 100)
    await held(mall, member_id, 100, ttl_seconds=60)
    sale = mall.sale(1_000)
    assert (await redeem(mall, sale, member_id, 100)).json()["code"] == "insufficient_points"
    assert (await quote(mall, 1_000, member_id))["points_max"] == 0
    mall.clock.advance(seconds=60)
    assert (await quote(mall, 1_000, member_id))["points_max"] == 100
    assert (await redeem(mall, sale, member_id, 100)).status_code == 201


async def test_each_payment_is_explained(mall: Mall) -> None:
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 500)
    sale = mall.sale(1_000)
    await redeem(mall, sale, member_id, 300)
    told = (await mall.get(f"/v1/members/{member_id}/postings/2", member_id)).json()
    assert (told["kind"], told["counter_account"]) == ("redeem", "redemption")
    assert told["sentences"]["en"] == (
        f"300 points paid CNY 3.00 ({receipt_of(sale)['receipt_number']}): "
        "policy 1, tier basic, rate 100:100."
    )


async def test_the_last_points_raced_for_by_five_hundred_tills_pay_just_once(
    mall: Mall, twin: Mall
) -> None:
    await set_redemption_policy(mall, step_points=1, step_minor=1)
    member_id = await member_with(mall, 95)
    doors = [mall, twin]
    answers = await at_once(
        *(redeem(doors[n % 2], mall.sale(20_000), member_id, 10) for n in range(500))
    )
    paid = [answer for answer in answers if answer.status_code == 201]
    # A till that was told to come again in a moment has not paid.
    refused = [answer for answer in answers if answer.status_code == 422]
    assert len(paid) + len(refused) + sum(a.status_code == 503 for a in answers) == 500
    assert len(paid) == 9
    assert {answer.json()["code"] for answer in refused} == {"insufficient_points"}
    assert await spendable(mall, member_id) == (5, 5, 0)
