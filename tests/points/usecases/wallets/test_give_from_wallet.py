"""Stars are given away: with their end, within the limit, and only where that is allowed."""

import asyncio
from collections import Counter

import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import merged
from tests.points.wallets_at_hand import (
    give_stars,
    member_with_stars,
    redeem_stars,
    stars_of,
    state_stars,
)


async def test_stars_move_with_their_end_once_for_the_key(mall: Mall) -> None:
    await state_stars(mall)
    giver, receiver = await member_with_stars(mall, 10), await mall.enrol()
    await state_stars(mall, expiry={"kind": "never"})
    answers = [await give_stars(mall, giver, receiver, 4, key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert (await stars_of(mall, giver), await stars_of(mall, receiver)) == (6, 4)
    ends = await mall.rows("SELECT DISTINCT expires_at::text FROM lot WHERE program_id = :p")
    assert ends == [("2026-12-31 16:00:00+00",)]


async def test_stars_cross_each_other_without_a_loss(mall: Mall) -> None:
    await state_stars(mall)
    one, two = await member_with_stars(mall, 20), await member_with_stars(mall, 20)
    pairs = [(one, two), (two, one)] * 16
    answers = await asyncio.gather(*(give_stars(mall, a, b, 1) for a, b in pairs))
    assert {answer.status_code for answer in answers} == {201}
    assert (await stars_of(mall, one), await stars_of(mall, two)) == (20, 20)


async def test_what_does_not_fit_or_may_not_be_given_is_refused(mall: Mall) -> None:
    await state_stars(mall, balance_max=12)
    giver, receiver = await member_with_stars(mall, 10), await member_with_stars(mall, 10)
    # How full the other's wallet is stays theirs, whoever has nothing to give included.
    full = await give_stars(mall, giver, receiver, 3)
    assert (full.status_code, full.json()["code"]) == (422, "transfer_receiver_unknown")
    assert not {"room", "balance_max"} & set(full.json())
    assert (await give_stars(mall, giver, receiver, 11)).json()["code"] == "insufficient_points"
    await state_stars(mall, may_transfer=False)
    fixed = await give_stars(mall, giver, receiver, 1)
    assert (fixed.status_code, fixed.json()["code"]) == (422, "wallet_not_transferable")


@pytest.mark.parametrize(
    ("wallet", "code"), [("points", "wallet_is_built_in"), ("moons", "wallet_unknown")]
)
async def test_only_wallets_that_are_there_and_not_points(
    mall: Mall, wallet: str, code: str
) -> None:
    answer = await give_stars(mall, await mall.enrol(), await mall.enrol(), 1, wallet)
    assert answer.json()["code"] == code


async def test_nobody_gives_to_themselves_to_strangers_or_more_than_they_have(mall: Mall) -> None:
    await state_stars(mall)
    giver, receiver = await member_with_stars(mall, 10), await mall.enrol()
    assert (await give_stars(mall, giver, giver, 1)).json()["code"] == "transfer_to_self"
    stranger = await give_stars(mall, giver, new_id(), 1)
    assert stranger.json()["code"] == "transfer_receiver_unknown"
    short = await give_stars(mall, giver, receiver, 11)
    assert (short.json()["code"], short.json()["shortfall"]) == ("insufficient_points", 1)


async def test_a_giver_gives_no_more_within_a_day_than_the_wallet_allows(mall: Mall) -> None:
    await state_stars(mall, gift_points_a_day_max=5)
    giver, receiver = await member_with_stars(mall, 20), await mall.enrol()
    assert (await give_stars(mall, giver, receiver, 3, key="first")).status_code == 201
    over = await give_stars(mall, giver, receiver, 3)
    assert (over.status_code, over.json()["code"]) == (422, "gift_cap_reached")
    facts = ("gift_points_a_day_max", "given", "left", "wallet")
    assert [over.json()[name] for name in facts] == [5, 3, 2, "stars"]
    # A repeat is answered with what was done; what was received does not count.
    assert (await give_stars(mall, giver, receiver, 3, key="first")).status_code == 200
    assert (await give_stars(mall, receiver, giver, 3)).status_code == 201
    assert (await give_stars(mall, giver, receiver, 2)).status_code == 201
    assert (await give_stars(mall, giver, receiver, 1)).json()["left"] == 0
    # As for transfers of points, a day is the last 24 hours.
    mall.clock.advance(hours=24, seconds=-1)
    assert (await give_stars(mall, giver, receiver, 1)).json()["given"] == 5
    mall.clock.advance(seconds=1)
    assert (await give_stars(mall, giver, receiver, 5)).status_code == 201


async def test_the_limit_of_gifts_is_the_one_of_now_and_of_this_wallet(mall: Mall) -> None:
    await state_stars(mall)
    giver, receiver = await member_with_stars(mall, 20), await mall.enrol()
    moons = {"name": "Moons", "expiry": {"kind": "never"}, "gift_points_a_day_max": 4}
    await mall.client.put("/v1/wallets/moons", json=moons, headers=mall.staff())
    body = {"points": 9, "reason_code": "x", "note": "x", "wallet": "moons"}
    assert (await mall.post(f"/v1/members/{giver}/adjustments", body, None, "m")).is_success
    assert (await give_stars(mall, giver, receiver, 7)).status_code == 201
    assert (await give_stars(mall, giver, receiver, 4, "moons")).status_code == 201
    await state_stars(mall, gift_points_a_day_max=6)
    over = await give_stars(mall, giver, receiver, 1)
    assert (over.json()["given"], over.json()["left"]) == (7, 0)
    await state_stars(mall)
    assert (await give_stars(mall, giver, receiver, 1)).status_code == 201


async def test_of_32_gifts_at_once_by_two_processes_no_more_than_a_days_are_made(
    mall: Mall, twin: Mall
) -> None:
    await state_stars(mall, gift_points_a_day_max=10)
    giver = await member_with_stars(mall, 64)
    receivers = [await mall.enrol() for _ in range(32)]
    doors = [mall, twin] * 16
    answers = await asyncio.gather(
        *(give_stars(d, giver, to, 2) for d, to in zip(doors, receivers, strict=True))
    )
    said = Counter(answer.json().get("code", "given") for answer in answers)
    assert said == {"given": 5, "gift_cap_reached": 27}
    assert await stars_of(mall, giver) == 54


async def test_who_was_merged_is_told_so_as_with_points(mall: Mall) -> None:
    await state_stars(mall)
    kept, old = await mall.enrol(), await member_with_stars(mall, 10)
    receiver = await mall.enrol()
    await merged(mall, old, kept)
    given = await give_stars(mall, old, receiver, 1)
    taken = await redeem_stars(mall, old, 1)
    for answer in (given, taken):
        assert (answer.status_code, answer.json()["code"]) == (409, "account_merged")
        assert answer.json()["merged_into"] == str(kept)
    assert await stars_of(mall, kept) == 10
