"""What becomes of an offer: lots move as they are, or the points are free again."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from services.points.usecases.close_transfer import expire_transfers
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.usecases.test_offer_transfer import held, offer

LOTS = (
    "SELECT l.remaining, l.expires_at, l.mall_id, l.shop_id, l.funding, l.earned_at FROM lot l "
    "WHERE l.program_id = :p AND l.account_id = :m AND l.remaining > 0 ORDER BY l.expires_at"
)


async def offered(mall: Mall, giver: UUID, receiver: UUID, points: int, key: str = "k") -> str:
    answer = await offer(mall, giver, receiver, points, key)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["transfer_id"])


async def close(mall: Mall, how: str, member_id: UUID, transfer_id: str) -> httpx.Response:
    return await mall.post(
        f"/v1/members/{member_id}/transfers/{transfer_id}/{how}", None, member_id
    )


async def given(mall: Mall, giver: UUID, receiver: UUID, points: int, key: str = "k") -> None:
    transfer_id = await offered(mall, giver, receiver, points, key)
    answer = await close(mall, "acceptance", receiver, transfer_id)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")


async def earned(mall: Mall, *amounts: int) -> UUID:
    """A member with a lot a sale, a day apart each; they end a month after."""
    await mall.set_policy(expires_months=1)
    member_id = await mall.enrol()
    for amount in amounts:
        await mall.sold(amount, member_id=member_id)
        mall.clock.advance(days=1)
    return member_id


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


async def test_declined_cancelled_and_late_offers_free_the_points(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    for how, who in (("refusal", receiver), ("cancellation", giver)):
        transfer_id = await offered(mall, giver, receiver, 100, how)
        first, again = (
            await close(mall, how, who, transfer_id),
            await close(mall, how, who, transfer_id),
        )
        assert first.json() == again.json()
        assert await held(mall, giver) == 0
        late = await close(mall, "acceptance", receiver, transfer_id)
        assert (late.status_code, late.json()["code"]) == (409, "transfer_closed")
    transfer_id = await offered(mall, giver, receiver, 100, "late")
    mall.clock.advance(days=7)
    late = await close(mall, "acceptance", receiver, transfer_id)
    assert (late.status_code, late.json()["is_now"]) == (409, "expired")
    async with transaction(mall.engine) as session:
        assert await expire_transfers(session, mall.clock()) >= 1
    assert await held(mall, giver) == 0
    shown = await mall.get(f"/v1/members/{giver}/transfers", giver)
    assert [t["status"] for t in shown.json()["transfers"]] == ["expired", "cancelled", "declined"]


async def test_an_offer_ends_when_the_first_of_its_points_end(mall: Mall) -> None:
    giver, receiver = await earned(mall, 10_000, 10_000), await mall.enrol()
    mall.clock.advance(days=27)
    [(_, first_end, *_), _] = await mall.rows(LOTS, m=giver)
    transfer_id = await offered(mall, giver, receiver, 150)
    shown = await mall.get(f"/v1/members/{receiver}/transfers/{transfer_id}", receiver)
    assert datetime.fromisoformat(shown.json()["accept_until"]) == first_end


async def test_only_the_receiver_takes_and_only_the_giver_cancels(mall: Mall) -> None:
    giver, receiver, stranger = await mall.enrol(), await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    transfer_id = await offered(mall, giver, receiver, 100)
    for how, who in (
        ("acceptance", giver),
        ("acceptance", stranger),
        ("refusal", giver),
        ("cancellation", receiver),
    ):
        answer = await close(mall, how, who, transfer_id)
        assert (answer.status_code, answer.json()["code"]) == (404, "transfer_unknown")


async def test_points_cross_each_other_without_a_deadlock_or_a_loss(mall: Mall, twin: Mall) -> None:
    a, b = await mall.enrol(), await mall.enrol()
    await mall.adjust(a, 320, "a")
    await mall.adjust(b, 320, "b")
    offers = [
        (*pair, await offered(mall, *pair, 10, f"{n}"))
        for n in range(16)
        for pair in ((a, b), (b, a))
    ]

    async def act(door: Mall, receiver: UUID, transfer_id: str) -> Any:
        return await close(door, "acceptance", receiver, transfer_id)

    answers = await asyncio.gather(
        *(
            act(door, receiver, transfer_id)
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


async def test_taking_and_cancelling_at_once_ends_in_one_of_both(mall: Mall, twin: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    for n in range(8):
        transfer_id = await offered(mall, giver, receiver, 1, f"k{n}")
        answers = await asyncio.gather(
            close(mall, "acceptance", receiver, transfer_id),
            close(twin, "cancellation", giver, transfer_id),
        )
        assert sorted(a.status_code for a in answers) == [200, 409]
    assert await held(mall, giver) == 0
    assert await mall.balance(giver) + await mall.balance(receiver) == 100
