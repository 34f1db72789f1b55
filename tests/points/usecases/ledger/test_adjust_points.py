"""Staff adjust balances, each adjustment once and with its own reason."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import islice
from uuid import UUID

import httpx
import pytest

from services.points.settings import PointsSettings
from services.points.storage.receipts.pos_transactions import lock_accounts
from shared.db import create_engine, transaction
from shared.ids import new_id
from tests.points.mall import Mall, open_door
from tests.support.tokens import staff_headers


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


@pytest.fixture
async def narrow(mall: Mall, settings: PointsSettings) -> AsyncIterator[Mall]:
    """The same mall behind a process with one connection, for which nobody waits long."""
    alone = settings.model_copy(update={"revocations_poll_seconds": 60})
    engine = create_engine(
        settings.database_url,
        1,
        pool_timeout_seconds=0.05,
        connect_timeout_seconds=settings.database_wait_seconds_max,
    )
    try:
        async with open_door(engine, alone, mall.clock) as client:
            yield replace(mall, engine=engine, client=client)
    finally:
        await engine.dispose()


async def test_the_same_key_told_to_try_again_has_done_nothing_and_posts_once_when_repeated(
    mall: Mall, twin: Mall, narrow: Mall
) -> None:
    member_id = await mall.enrol()
    async with transaction(narrow.engine) as session:
        await lock_accounts(session, mall.program_id, {member_id})
        answers = await asyncio.gather(*(narrow.adjust(member_id, 7, "same") for _ in range(16)))
        assert {(a.status_code, a.json()["code"]) for a in answers} == {
            (503, "database_unavailable")
        }
        assert {a.headers["Retry-After"] for a in answers} == {"1"}
    assert await mall.rows("SELECT 1 FROM adjustment WHERE program_id = :p") == []
    again = await asyncio.gather(*(door.adjust(member_id, 7, "same") for door in [mall, twin] * 8))
    assert sorted(a.status_code for a in again) == [200] * 15 + [201]
    assert await mall.balance(member_id) == 7


async def test_of_the_same_key_at_once_one_waits_and_the_others_hear_its_answer_when_they_repeat(
    mall: Mall, narrow: Mall
) -> None:
    member_id = await mall.enrol()
    async with transaction(mall.engine) as session:
        await lock_accounts(session, mall.program_id, {member_id})
        asked = [asyncio.create_task(narrow.adjust(member_id, 7, "same")) for _ in range(16)]
        refused = [await answer for answer in islice(asyncio.as_completed(asked), 15)]
        assert {answer.status_code for answer in refused} == {503}
    answers = await asyncio.gather(*asked)
    assert sorted(a.status_code for a in answers) == [201] + [503] * 15
    again = await asyncio.gather(*(mall.adjust(member_id, 7, "same") for _ in refused))
    assert {a.status_code for a in again} == {200}
    made = {a.json()["adjustment_id"] for a in (*answers, *again) if a.status_code != 503}
    assert (len(made), await mall.balance(member_id)) == (1, 7)


async def by(mall: Mall, who: str, member_id: UUID, points: int, key: str) -> httpx.Response:
    headers = staff_headers(mall.clock, mall.program_id, ["points.adjust"], subject=who)
    body = {"points": points, "reason_code": "test", "note": "test"}
    return await mall.client.post(
        f"/v1/members/{member_id}/adjustments",
        json=body,
        headers={**headers, "Idempotency-Key": key},
    )


async def set_most(mall: Mall, points: int) -> None:
    rules = {"points_unchecked_max": points, "reason_codes": []}
    answer = await mall.client.put("/v1/adjustment-rules", json=rules, headers=mall.staff())
    assert answer.status_code == 200, answer.text


async def test_everybody_has_keys_of_their_own(mall: Mall) -> None:
    member_id = await mall.enrol()
    first, second = await by(mall, "a", member_id, 5, "k"), await by(mall, "b", member_id, 5, "k")
    assert [answer.status_code for answer in (first, second)] == [201, 201]
    assert [answer.json()["made_by"] for answer in (first, second)] == ["a", "b"]
    assert (await by(mall, "b", member_id, 5, "k")).json() == second.json()
    assert await mall.balance(member_id) == 10


async def test_many_small_adjustments_of_one_person_are_one_big_one(mall: Mall) -> None:
    await set_most(mall, 100)
    member_id, other = await mall.enrol(), await mall.enrol()
    given = [await by(mall, "a", member_id, 40, f"k{n}") for n in range(3)]
    assert [answer.status_code for answer in given] == [201, 201, 202]
    # What waits, or was looked at, does not count; nor does another person, member or direction.
    assert (await by(mall, "a", member_id, 20, "rest")).status_code == 201
    assert (await by(mall, "a", member_id, 1, "more")).status_code == 202
    assert (await by(mall, "b", member_id, 100, "other person")).status_code == 201
    assert (await by(mall, "a", other, 100, "other member")).status_code == 201
    assert (await by(mall, "a", member_id, -100, "taken")).status_code == 201
    assert (await by(mall, "a", member_id, -1, "taken more")).status_code == 202
    mall.clock.advance(days=1)
    assert (await by(mall, "a", member_id, 100, "next day")).status_code == 201
    waiting = (await mall.get("/v1/adjustments", status="awaits_check")).json()["adjustments"]
    assert sorted(made["points"] for made in waiting) == [-1, 1, 40]


async def test_of_many_at_once_no_more_than_the_threshold_posts(mall: Mall, twin: Mall) -> None:
    await set_most(mall, 100)
    member_id = await mall.enrol()
    doors = [mall, twin] * 8
    answers = await asyncio.gather(
        *(by(door, "a", member_id, 30, f"k{n}") for n, door in enumerate(doors))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [202] * 13
    assert await mall.balance(member_id) == 90
