"""Accepted points move as they are: both sides at once, nothing made or lost."""

import asyncio
from typing import Any
from uuid import UUID

from shared.contracts.event import Event
from tests.points.mall import Mall
from tests.points.members import LOTS, close, earned, freeze, given, held, offer, offered
from tests.support.service import read_outbox


async def told_by(mall: Mall) -> list[Event]:
    return await read_outbox(mall.engine, mall.program_id)


async def test_accepted_points_keep_their_expiry_issuer_funding_and_vintage(mall: Mall) -> None:
    giver, receiver = await earned(mall, 10_000, 20_000), await mall.enrol()
    before = await mall.rows(LOTS, m=giver)
    await given(mall, giver, receiver, 150)
    assert (await mall.balance(giver), await mall.balance(receiver)) == (150, 150)
    [first, second] = await mall.rows(LOTS, m=receiver)
    assert (first, second[0]) == (before[0], 50)
    assert second[1:] == before[1][1:]
    assert await held(mall, giver) == 0


async def test_both_sides_name_the_transfer_and_say_so_in_words(mall: Mall) -> None:
    giver, receiver = await earned(mall, 10_000), await mall.enrol()
    await given(mall, giver, receiver, 60)
    out = (await mall.get(f"/v1/members/{giver}/postings/2", giver)).json()
    in_ = (await mall.get(f"/v1/members/{receiver}/postings/1", receiver)).json()
    assert (out["kind"], in_["kind"]) == ("transfer_out", "transfer_in")
    assert (out["points"], in_["points"]) == (-60, 60)
    assert out["reason"]["move_id"] == in_["reason"]["move_id"] == out["source_id"]
    assert out["counter_account"] == in_["counter_account"] == "transfer"
    assert in_["sentences"]["en"] == (
        "Another member gave 60 points; they end when they would have."
    )


async def test_giving_there_and_back_does_not_lengthen_the_life_of_points(mall: Mall) -> None:
    giver, friend = await earned(mall, 10_000), await mall.enrol()
    [before] = await mall.rows(LOTS, m=giver)
    mall.clock.advance(days=20)
    await given(mall, giver, friend, 100, "there")
    await given(mall, friend, giver, 100, "back")
    assert await mall.rows(LOTS, m=giver) == [before]


async def test_a_refund_takes_back_what_its_own_sale_earned_though_it_was_away(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    giver, friend = await mall.enrol(), await mall.enrol()
    sale = await mall.sold(10_000, member_id=giver)
    await given(mall, giver, friend, 100, "there")
    mall.clock.advance(days=3)
    await mall.sold(5_000, member_id=giver)
    await given(mall, friend, giver, 100, "back")
    assert (await mall.push(mall.refund(sale))).status_code == 201
    [(left, expires_at, *_)] = await mall.rows(LOTS, m=giver)
    assert (left, expires_at.isoformat()[:10]) == (50, "2026-04-13")


async def test_a_refund_after_giving_away_leaves_the_giver_in_debt(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    sale = await mall.sold(10_000, member_id=giver)
    await given(mall, giver, receiver, 100)
    await mall.push(mall.refund(sale))
    assert (await mall.balance(giver), await mall.balance(receiver)) == (-100, 100)
    # What is given to somebody in debt repays it first.
    await given(mall, receiver, giver, 30, "back")
    assert (await mall.balance(giver), await mall.rows(LOTS, m=giver)) == (-70, [])


async def test_points_cross_each_other_without_a_deadlock_or_a_loss(mall: Mall, twin: Mall) -> None:
    a, b = await mall.enrol(), await mall.enrol()
    await mall.adjust(a, 320, "a")
    await mall.adjust(b, 320, "b")
    offers = [
        (*pair, await offered(mall, *pair, 10, f"{n}"))
        for n in range(16)
        for pair in ((a, b), (b, a))
    ]

    async def act_in_pool(door: Mall, receiver: UUID, transfer_id: str) -> Any:
        return await close(door, "acceptance", receiver, transfer_id)

    answers = await asyncio.gather(
        *(
            act_in_pool(door, receiver, transfer_id)
            for _, receiver, transfer_id in offers
            for door in (mall, twin)
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    assert (await mall.balance(a), await mall.balance(b)) == (320, 320)
    [(postings,)] = await mall.rows(
        "SELECT count(*) FROM posting WHERE program_id = :p AND kind = 'transfer_out'"
    )
    assert postings == 32


async def test_who_takes_learns_nothing_of_the_giver(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    sale = await mall.sold(10_000, member_id=giver)
    transfer_id = await offered(mall, giver, receiver, 100)
    assert (await mall.push(mall.refund(sale, (1, 5_000)))).status_code == 201
    short = await close(mall, "acceptance", receiver, transfer_id)
    assert (await freeze(mall, giver)).status_code == 201
    frozen = await close(mall, "acceptance", receiver, transfer_id)
    for refused in (short, frozen):
        told = refused.json()
        assert (refused.status_code, told["code"]) == (409, "transfer_unavailable")
        assert not {"balance", "available", "shortfall", "case_id"} & set(told)
        assert told["detail"] == "What was offered cannot be taken now."
    shown = await mall.get(f"/v1/members/{receiver}/transfers/{transfer_id}", receiver)
    assert shown.json()["status"] == "offered"


async def test_what_the_giver_writes_is_for_both_members_and_not_in_the_books(mall: Mall) -> None:
    giver, receiver = await earned(mall, 10_000), await mall.enrol()
    words = "For Anna's wedding"
    answer = await offer(mall, giver, receiver, 60, message=words)
    transfer_id = answer.json()["transfer_id"]
    await close(mall, "acceptance", receiver, transfer_id)
    shown = await mall.get(f"/v1/members/{receiver}/transfers/{transfer_id}", receiver)
    assert shown.json()["message"] == words
    reasons = await mall.rows("SELECT reason::text FROM posting WHERE program_id = :p")
    assert all("Anna" not in reason for (reason,) in reasons)
    assert all("Anna" not in event.model_dump_json() for event in await told_by(mall))
