"""Stars are spent at a desk: once, never below zero, and come back as they were."""

import asyncio
from typing import Any

import pytest

from tests.points.mall import Mall
from tests.points.spending import reverse
from tests.points.wallets_at_hand import member_with_stars, redeem_stars, stars_of, state_stars
from tests.support.tokens import staff_headers


async def test_stars_are_spent_once_for_the_key_and_told_in_words(mall: Mall) -> None:
    await state_stars(mall)
    member_id = await member_with_stars(mall, 12)
    answers = [await redeem_stars(mall, member_id, 5, key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    other = await redeem_stars(mall, member_id, 6, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await stars_of(mall, member_id) == 7
    assert await mall.balance(member_id) == 0


async def test_of_32_who_take_the_last_stars_at_once_one_gets_them(mall: Mall) -> None:
    await state_stars(mall)
    member_id = await member_with_stars(mall, 10)
    answers = await asyncio.gather(*(redeem_stars(mall, member_id, 10) for _ in range(32)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 31
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 422}
    assert refused == {"insufficient_points"}
    assert await stars_of(mall, member_id) == 0


async def test_a_till_of_the_shop_undoes_it_into_the_lots_it_came_from(mall: Mall) -> None:
    await state_stars(mall)
    member_id = await member_with_stars(mall, 10)
    spent = (await redeem_stars(mall, member_id, 4)).json()
    undone = await reverse(mall, spent["redemption_id"])
    assert undone.status_code in (200, 201), undone.text
    assert await stars_of(mall, member_id) == 10
    lots = await mall.rows("SELECT points, remaining FROM lot WHERE program_id = :p")
    assert lots == [(10, 10)]


async def test_what_may_not_be_redeemed_is_refused(mall: Mall) -> None:
    await state_stars(mall, may_redeem=False)
    member_id = await member_with_stars(mall, 10)
    answer = await redeem_stars(mall, member_id, 4)
    assert (answer.status_code, answer.json()["code"]) == (422, "wallet_not_redeemable")


@pytest.mark.parametrize(
    ("wallet", "changes", "code"),
    [
        ("points", {}, "wallet_is_built_in"),
        ("moons", {}, "wallet_unknown"),
        ("stars", {"shop_id": "0199f3a2-0000-7000-8000-00000000ffff"}, "shop_unknown"),
        ("stars", {"points": 11}, "insufficient_points"),
        ("stars", {"points": 0}, "validation_failed"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_refused(
    mall: Mall, wallet: str, changes: dict[str, Any], code: str
) -> None:
    await state_stars(mall)
    member_id = await member_with_stars(mall, 10)
    answer = await redeem_stars(mall, member_id, **{"points": 4, "wallet": wallet, **changes})
    assert answer.json()["code"] == code


async def test_a_frozen_member_spends_no_stars(mall: Mall) -> None:
    await state_stars(mall)
    member_id = await member_with_stars(mall, 10)
    answer = await mall.client.post(
        f"/v1/members/{member_id}/freezes",
        json={"reason_code": "odd", "note": "looks odd"},
        headers={**mall.staff(), "Idempotency-Key": "f"},
    )
    assert answer.status_code in (200, 201), answer.text
    answer = await redeem_stars(mall, member_id, 4)
    assert (answer.status_code, answer.json()["code"]) == (403, "account_frozen")


async def test_each_desk_has_keys_of_its_own_and_those_of_before_are_found(mall: Mall) -> None:
    await state_stars(mall)
    member_id = await member_with_stars(mall, 12)
    first = await redeem_stars(mall, member_id, 5, key="k")
    body = {"points": 5, "shop_id": str(mall.shop_id), "reference": "A cup of tea"}
    path = f"/v1/members/{member_id}/wallets/stars/redemptions"
    other = {**staff_headers(mall.clock, mall.program_id, subject="b"), "Idempotency-Key": "k"}
    assert (await mall.client.post(path, json=body, headers=other)).status_code == 201
    assert await stars_of(mall, member_id) == 2
    # As it was kept before the name of the operation said whose key it is.
    await mall.execute(
        "UPDATE request_key SET operation = 'wallet_redemption', idempotency_key = 'old' "
        "WHERE program_id = :p AND operation = 'wallet_redemption of staff-1'"
    )
    again = await redeem_stars(mall, member_id, 5, key="old")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await redeem_stars(mall, member_id, 1, key="old")).status_code == 201
