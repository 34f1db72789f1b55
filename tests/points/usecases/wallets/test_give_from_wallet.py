"""Stars are given away: with their end, within the limit, and only where that is allowed."""

import asyncio

import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.wallets_at_hand import give_stars, member_with_stars, stars_of, state_stars


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
