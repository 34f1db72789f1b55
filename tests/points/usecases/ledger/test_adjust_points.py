"""Staff adjust balances, each adjustment once and with its own reason."""

import asyncio

from shared.ids import new_id
from tests.points.mall import Mall


async def test_an_adjustment_posts_with_who_and_why(mall: Mall) -> None:
    member_id = await mall.enrol()
    answer = await mall.adjust(member_id, 50, "k")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["points"], made["balance"], made["made_by"]) == (50, 50, "staff-1")
    explained = await mall.get(f"/v1/members/{member_id}/postings/1")
    assert explained.json()["counter_account"] == "adjustment"
    assert explained.json()["reason"]["made_by"] == "staff-1"


async def test_the_same_key_and_body_get_the_same_answer(mall: Mall) -> None:
    member_id = await mall.enrol()
    first, again = await mall.adjust(member_id, 50, "k"), await mall.adjust(member_id, 50, "k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert await mall.balance(member_id) == 50


async def test_the_same_key_with_another_body_or_member_is_refused(mall: Mall) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    await mall.adjust(member_id, 50, "k")
    for answer in (await mall.adjust(member_id, 51, "k"), await mall.adjust(other, 50, "k")):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert (await mall.balance(member_id), await mall.balance(other)) == (50, 0)


async def test_more_than_the_balance_is_refused_with_the_shortfall(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.adjust(member_id, 40, "a")
    answer = await mall.adjust(member_id, -100, "b")
    assert (answer.status_code, answer.json()["code"]) == (422, "insufficient_points")
    assert (answer.json()["balance"], answer.json()["shortfall"]) == (40, 60)
    # What was refused has not used up its key.
    await mall.adjust(member_id, 60, "c")
    assert (await mall.adjust(member_id, -100, "b")).status_code == 201


async def test_a_stranger_cannot_be_adjusted_and_leaves_no_trace(mall: Mall) -> None:
    answer = await mall.adjust(new_id(), 5, "k")
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
    assert await mall.rows("SELECT 1 FROM account WHERE program_id = :p") == []


async def test_r_1_a_thousand_credits_from_two_processes_all_count(mall: Mall, twin: Mall) -> None:
    member_id = await mall.enrol()
    limit = asyncio.Semaphore(32)

    async def credit(number: int) -> int:
        async with limit:
            door = twin if number % 2 else mall
            return (await door.adjust(member_id, 1, f"k{number}")).status_code

    assert set(await asyncio.gather(*map(credit, range(1_000)))) == {201}
    assert await mall.balance(member_id) == 1_000
    [(total,)] = await mall.rows("SELECT sum(points) FROM posting WHERE program_id = :p")
    assert total == 1_000


async def test_r_3_a_hundred_points_are_spent_once(mall: Mall, twin: Mall) -> None:
    member_id = await mall.enrol()
    await mall.adjust(member_id, 100, "give")
    doors = [mall, twin] * 16
    answers = await asyncio.gather(
        *(door.adjust(member_id, -100, f"take {n}") for n, door in enumerate(doors))
    )
    assert sorted(a.status_code for a in answers) == [201] + [422] * 31
    assert {a.json()["shortfall"] for a in answers if a.status_code == 422} == {100}


async def test_the_same_key_at_once_from_two_processes_posts_once(mall: Mall, twin: Mall) -> None:
    member_id = await mall.enrol()
    answers = await asyncio.gather(
        *(door.adjust(member_id, 7, "same") for door in [mall, twin] * 8)
    )
    assert sorted(a.status_code for a in answers) == [200] * 15 + [201]
    assert len({a.json()["adjustment_id"] for a in answers}) == 1
    assert await mall.balance(member_id) == 7
