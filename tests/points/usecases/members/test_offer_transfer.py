"""Members offer points to each other: what is set aside, and what is refused."""

import asyncio

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import held, offer


async def test_an_offer_sets_points_aside_and_moves_nothing(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    answer = await offer(mall, giver, receiver, 60, message="生日快乐")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["status"], made["points"], made["message"]) == ("offered", 60, "生日快乐")
    assert made["accept_until"] == "2026-03-17T12:00:00Z"
    assert (await mall.balance(giver), await mall.balance(receiver)) == (100, 0)
    assert await held(mall, giver) == 60
    # What is on offer cannot be offered or taken again.
    again = await offer(mall, giver, receiver, 41, "k2")
    assert (again.status_code, again.json()["shortfall"]) == (422, 1)


async def test_an_offer_is_made_once_for_its_key(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    first, again = (
        await offer(mall, giver, receiver, 60),
        await offer(mall, giver, receiver, 60),
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await offer(mall, giver, receiver, 61)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await held(mall, giver) == 60


async def test_a_receiver_can_be_named_by_member_number(mall: Mall) -> None:
    giver = await mall.enrol()
    receiver = new_id()
    await mall.hear(mall.enrolled(receiver, "600000000009"))
    await mall.adjust(giver, 100, "give")
    body = {"to_member_number": "600000000009", "points": 5}
    answer = await mall.post(f"/v1/members/{giver}/transfers", body, giver, "k")
    assert answer.json()["to_member_id"] == str(receiver)
    for bad in (
        {"to_member_number": "600000000017", "points": 5},
        {"to_member_id": str(new_id()), "points": 5},
    ):
        answer = await mall.post(f"/v1/members/{giver}/transfers", bad, giver, "k2")
        assert (answer.status_code, answer.json()["code"]) == (422, "transfer_receiver_unknown")
    assert (
        await mall.rows("SELECT 1 FROM account WHERE program_id = :p AND status = 'awaited'") == []
    )
    both = {**body, "to_member_id": str(receiver)}
    answer = await mall.post(f"/v1/members/{giver}/transfers", both, giver, "k3")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_nobody_gives_to_themselves_or_for_somebody_else(mall: Mall) -> None:
    giver, other = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    answer = await offer(mall, giver, giver, 5)
    assert (answer.status_code, answer.json()["code"]) == (422, "transfer_to_self")
    body = {"to_member_id": str(other), "points": 5}
    answer = await mall.post(f"/v1/members/{giver}/transfers", body, other, "k")
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")


async def test_a_member_gives_so_much_within_a_day_and_no_more(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    for key in ("a", "b"):
        await mall.adjust(giver, 10_000, key)
        mall.clock.advance(days=1)
    made = (await offer(mall, giver, receiver, 9_000)).json()
    refused = await offer(mall, giver, receiver, 1_001, "k2")
    assert (refused.status_code, refused.json()["code"]) == (422, "transfer_cap_reached")
    assert refused.json()["left"] == 1_000
    # What came to nothing does not count; a day later nothing of it counts.
    path = f"/v1/members/{giver}/transfers/{made['transfer_id']}/cancellation"
    assert (await mall.post(path, None, giver)).status_code == 200
    assert (await offer(mall, giver, receiver, 10_000, "k3")).status_code == 201
    mall.clock.advance(days=1)
    assert (await offer(mall, giver, receiver, 10_000, "k4")).status_code == 201


async def test_the_last_points_raced_by_32_offers_are_set_aside_once(
    mall: Mall, twin: Mall
) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    doors = [mall, twin] * 16
    answers = await asyncio.gather(
        *(offer(door, giver, receiver, 100, f"k{n}") for n, door in enumerate(doors))
    )
    assert sorted(a.status_code for a in answers) == [201] + [422] * 31
    assert {a.json()["shortfall"] for a in answers if a.status_code == 422} == {100}
    assert await held(mall, giver) == 100
