"""Points set aside at a till, over HTTP: SP-1, Q-6, R-3, and who comes second, late or twice."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.points.usecases.spending.expire_due_holds import expire_due_holds
from shared.auth import make_member_code
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.members import merged
from tests.points.spending import (
    CLIENTS,
    ask,
    at_once,
    capture,
    codes,
    freeze,
    held,
    hold,
    hold_body,
    member_with,
    release,
    spendable,
)
from tests.support.service import DEPLOYMENT_KEY


async def test_q_6_points_held_for_a_reward_are_spent_or_come_back(mall: Mall) -> None:
    member_id = await member_with(mall, 12)
    answer = await hold(mall, member_id, 10)
    assert (answer.status_code, answer.json()["available"]) == (201, 2)
    assert await spendable(mall, member_id) == (12, 2, 10)
    assert (await release(mall, answer.json()["hold_id"])).json()["status"] == "released"
    assert await spendable(mall, member_id) == (12, 12, 0)
    hold_id = await held(mall, member_id, 10)
    assert (await capture(mall, hold_id)).json()["balance"] == 2
    assert (await release(mall, hold_id)).json()["code"] == "hold_closed"
    assert await spendable(mall, member_id) == (2, 2, 0)


async def test_sp_1_two_holds_add_up_and_one_beyond_what_is_there_is_refused(mall: Mall) -> None:
    member_id = await member_with(mall, 10)
    await held(mall, member_id, 1)
    await held(mall, member_id, 3)
    assert await spendable(mall, member_id) == (10, 6, 4)
    refused = await hold(mall, member_id, 20)
    assert (refused.status_code, refused.json()["code"]) == (422, "insufficient_points")
    assert refused.json()["shortfall"] == 14


async def test_sp_1_no_more_is_captured_than_was_held(mall: Mall) -> None:
    member_id = await member_with(mall, 10)
    hold_id = await held(mall, member_id, 4)
    answer = await capture(mall, hold_id, 5)
    assert (answer.status_code, answer.json()["code"]) == (422, "hold_too_small")
    assert answer.json()["shortfall"] == 1
    assert await spendable(mall, member_id) == (10, 6, 4)


async def test_sp_1_what_was_captured_cannot_be_released_or_captured_again(mall: Mall) -> None:
    member_id = await member_with(mall, 10)
    hold_id = await held(mall, member_id, 4)
    assert (await capture(mall, hold_id)).status_code == 201
    for answer in (await release(mall, hold_id), await capture(mall, hold_id, 1)):
        assert (answer.status_code, answer.json()["code"]) == (409, "hold_closed")


async def test_several_captures_take_a_hold_in_parts_until_one_is_final(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    hold_id = await held(mall, member_id, 60)
    first = await capture(mall, hold_id, 20, is_final=False)
    assert (first.json()["points"], first.json()["held"], first.json()["balance"]) == (20, 40, 80)
    assert await spendable(mall, member_id) == (80, 40, 40)
    last = await capture(mall, hold_id, 15)
    assert (last.json()["held"], last.json()["balance"]) == (0, 65)
    assert await spendable(mall, member_id) == (65, 65, 0)


async def test_a_hold_captured_in_part_is_released_in_part_and_twice_is_once(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    hold_id = await held(mall, member_id, 60)
    await capture(mall, hold_id, 20, is_final=False)
    for _ in range(2):
        answer = await release(mall, hold_id)
        assert (answer.json()["status"], answer.json()["captured"]) == ("released", 20)
    assert await spendable(mall, member_id) == (80, 80, 0)


async def test_the_same_key_gets_the_same_answer_and_another_request_under_it_none(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 100)
    body = hold_body(member_id, 30)
    first, second = await ask(mall, "holds", body), await ask(mall, "holds", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    other = await ask(mall, "holds", {**body, "points": 31})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    hold_id = first.json()["hold_id"]
    paid = await capture(mall, hold_id, idempotency_key="pay")
    await mall.adjust(member_id, 5, "meanwhile")
    again = await capture(mall, hold_id, idempotency_key="pay")
    assert (paid.status_code, again.status_code) == (201, 200)
    assert paid.json() == again.json()
    other = await capture(mall, hold_id, 3, idempotency_key="pay")
    assert other.json()["code"] == "idempotency_key_reused"
    assert await mall.balance(member_id) == 75


async def test_a_request_repeated_32_times_at_once_is_done_once(mall: Mall, twin: Mall) -> None:
    member_id = await member_with(mall, 100)
    body = hold_body(member_id, 30)
    doors = [mall, twin] * (CLIENTS // 2)
    answers = await at_once(*(ask(door, "holds", body) for door in doors))
    assert sorted(a.status_code for a in answers) == [200] * (CLIENTS - 1) + [201]
    hold_id = answers[0].json()["hold_id"]
    paid = await at_once(*(capture(d, hold_id, idempotency_key="pay") for d in doors))
    assert sorted(a.status_code for a in paid) == [200] * (CLIENTS - 1) + [201]
    assert await spendable(mall, member_id) == (70, 70, 0)


async def test_r_3_of_32_requests_for_the_last_100_points_one_gets_them(
    mall: Mall, twin: Mall
) -> None:
    member_id = await member_with(mall, 100)
    doors = [mall, twin] * (CLIENTS // 2)
    answers = await at_once(*(hold(door, member_id, 100) for door in doors))
    assert sorted(a.status_code for a in answers) == [201] + [422] * (CLIENTS - 1)
    assert set(codes(answers)) == {"insufficient_points"}
    assert {a.json()["shortfall"] for a in answers if a.status_code == 422} == {100}
    assert await spendable(mall, member_id) == (100, 0, 100)


async def test_captures_of_one_hold_at_once_never_take_more_than_was_held(
    mall: Mall, twin: Mall
) -> None:
    member_id = await member_with(mall, 100)
    hold_id = await held(mall, member_id, 50)
    doors = [mall, twin] * (CLIENTS // 2)
    answers = await at_once(*(capture(d, hold_id, 20, is_final=False) for d in doors))
    assert [a.status_code for a in answers].count(201) == 2
    assert set(codes(answers)) == {"hold_too_small"}
    assert await spendable(mall, member_id) == (60, 50, 10)


async def test_a_hold_whose_time_is_over_is_in_nobodys_way_and_cannot_be_captured(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 100)
    hold_id = await held(mall, member_id, 100, ttl_seconds=60)
    mall.clock.advance(seconds=59)
    assert (await hold(mall, member_id, 1)).status_code == 422
    mall.clock.advance(seconds=1)
    assert await spendable(mall, member_id) == (100, 100, 0)
    late = await capture(mall, hold_id)
    assert (late.status_code, late.json()["code"]) == (409, "hold_expired")
    assert (await hold(mall, member_id, 100)).status_code == 201
    assert await spendable(mall, member_id) == (100, 0, 100)
    assert (await release(mall, hold_id)).json()["status"] == "expired"


async def test_a_hold_whose_time_is_over_is_not_in_the_way_of_staff_and_gifts_either(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 100)
    await held(mall, member_id, 60, ttl_seconds=60)
    await held(mall, member_id, 10, ttl_seconds=600)
    assert (await mall.adjust(member_id, -90, "k")).json()["shortfall"] == 60
    mall.clock.advance(seconds=60)
    assert (await mall.adjust(member_id, -90, "k")).status_code == 201
    assert await spendable(mall, member_id) == (10, 0, 10)


async def test_the_job_frees_what_nobody_asks_for_again(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    await held(mall, member_id, 60, ttl_seconds=60)
    await held(mall, member_id, 10, ttl_seconds=600)
    mall.clock.advance(seconds=60)
    async with transaction(mall.engine) as session:
        assert await expire_due_holds(session, mall.clock()) >= 1
    async with transaction(mall.engine) as session:
        assert await expire_due_holds(session, mall.clock()) == 0
    rows = await mall.rows("SELECT held FROM account WHERE program_id = :p")
    assert rows == [(10,)]


@pytest.mark.parametrize("is_cleared", [False, True])
async def test_a_release_says_what_may_be_spent_now_also_of_a_hold_whose_time_is_over(
    mall: Mall, is_cleared: bool
) -> None:
    member_id = await member_with(mall, 900)
    first = await held(mall, member_id, 50, ttl_seconds=60)
    second = await held(mall, member_id, 200)
    mall.clock.advance(seconds=60)
    if is_cleared:
        async with transaction(mall.engine) as session:
            assert await expire_due_holds(session, mall.clock()) >= 1
    told = (await release(mall, first)).json()
    assert (told["status"], told["available"]) == ("expired", 700)
    told = (await release(mall, second)).json()
    assert (told["status"], told["available"]) == ("released", 900)
    await mall.adjust(member_id, 5, "meanwhile")
    for hold_id in (first, second):
        assert (await release(mall, hold_id)).json()["available"] == 905
    assert await spendable(mall, member_id) == (905, 905, 0)


async def test_a_release_of_a_merged_account_says_what_its_survivor_may_spend(mall: Mall) -> None:
    old, kept = await member_with(mall, 100), await member_with(mall, 30)
    hold_id = await held(mall, old, 50)
    assert (await release(mall, hold_id)).json()["available"] == 100
    await merged(mall, old, kept)
    assert (await release(mall, hold_id)).json()["available"] == 130


async def test_who_asks_for_a_hold_again_hears_what_was_said_of_points_and_how_it_stands(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 900)
    body = hold_body(member_id, 50, ttl_seconds=60)
    first = (await ask(mall, "holds", body)).json()
    await held(mall, member_id, 200)
    mall.clock.advance(seconds=60)
    again = await ask(mall, "holds", body)
    assert again.status_code == 200
    assert again.json() == {**first, "status": "expired", "available": 850}


async def test_holding_and_spending_leave_a_capture_what_it_was_promised(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    hold_id = await held(mall, member_id, 80)
    assert (await mall.adjust(member_id, -21, "too much")).json()["code"] == "insufficient_points"
    await mall.push(mall.refund(sale))
    assert (await capture(mall, hold_id)).json()["balance"] == -80


async def test_another_shops_holds_do_not_exist_here(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    hold_id = await held(mall, member_id, 60)
    far = replace(mall, shop_id=uuid4())
    await far.open_shop()
    for answer in (await capture(far, hold_id), await release(far, hold_id)):
        assert (answer.status_code, answer.json()["code"]) == (404, "hold_unknown")
    assert (await capture(mall, str(uuid4()))).json()["code"] == "hold_unknown"
    assert await spendable(mall, member_id) == (100, 40, 60)


async def test_a_member_is_named_by_number_or_code_and_in_one_way_only(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.adjust(member_id, 100, "k")
    rows = await mall.rows("SELECT member_number FROM member_number WHERE program_id = :p")
    body = hold_body(member_id, 10)
    del body["member_id"]
    by_number = await ask(mall, "holds", {**body, "member_number": rows[0][0]})
    assert by_number.json()["member_id"] == str(member_id)
    code = make_member_code(
        DEPLOYMENT_KEY, mall.program_id, member_id, int(mall.clock().timestamp())
    )
    by_code = await ask(mall, "holds", {**body, "idempotency_key": "x", "member_code": code})
    assert by_code.json()["member_id"] == str(member_id)
    for wrong in (body, {**body, "member_code": code, "member_id": str(member_id)}):
        assert (await ask(mall, "holds", wrong)).json()["code"] == "member_not_named"
    stranger = {**body, "idempotency_key": "y", "member_number": "100000000008"}
    unknown = await ask(mall, "holds", stranger)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_unknown")


async def test_a_frozen_account_holds_and_captures_nothing(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    hold_id = await held(mall, member_id, 60)
    await freeze(mall, member_id)
    for answer in (await hold(mall, member_id, 1), await capture(mall, hold_id)):
        assert (answer.status_code, answer.json()["code"]) == (403, "account_frozen")
    assert await spendable(mall, member_id) == (100, 0, 60)


async def test_the_very_next_hold_and_capture_know_a_key_that_went_and_a_till_switched_off(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 100)
    hold_id = await held(mall, member_id, 10)
    await mall.hear(mall.till_event(key_version=2, revision=2))
    for refused in (await hold(mall, member_id, 10), await capture(mall, hold_id)):
        assert refused.json()["code"] == "till_key_retired"
    await mall.hear(mall.till_event(revision=3))
    assert (await hold(mall, member_id, 10)).status_code == 201
    await mall.hear(mall.till_event(is_active=False, revision=4))
    for refused in (await hold(mall, member_id, 10), await capture(mall, hold_id)):
        assert refused.json()["code"] == "till_inactive"
    await mall.hear(mall.till_event(revision=5))
    assert (await capture(mall, hold_id)).status_code == 201


async def test_a_till_that_is_switched_off_holds_nothing(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    await mall.hear(mall.till_event(is_active=False, revision=2))
    assert (await hold(mall, member_id, 1)).json()["code"] == "till_inactive"


@pytest.mark.parametrize(
    "changes",
    [{"points": 0}, {"points": "5"}, {"ttl_seconds": 1}, {"surprise": 1}, {"reference": ""}],
    ids=str,
)
async def test_what_is_wrong_is_refused(mall: Mall, changes: dict[str, object]) -> None:
    member_id = await member_with(mall, 100)
    answer = await ask(mall, "holds", {**hold_body(member_id, 5), **changes})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_32_tills_that_spend_beside_each_other_leave_exact_books(
    mall: Mall, twin: Mall
) -> None:
    members = [await member_with(mall, 100) for _ in range(4)]

    async def pay(door: Mall, number: int) -> int:
        hold_id = await held(door, members[number % 4], 5)
        return (await capture(door, hold_id, 3)).status_code

    doors = [mall, twin] * (CLIENTS // 2)
    assert set(await at_once(*(pay(d, n) for n, d in enumerate(doors)))) == {201}  # type: ignore[comparison-overlap]
    assert [await spendable(mall, m) for m in members] == [(76, 76, 0)] * 4
