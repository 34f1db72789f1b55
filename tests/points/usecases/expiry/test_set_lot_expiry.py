"""Ends are changed under the account's lock: two who ask at once do it once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx

from tests.points.mall import Mall
from tests.points.nights import given, pass_night
from tests.points.spending import held
from tests.support.tokens import staff_headers


async def test_the_same_request_twice_at_once_lets_points_last_longer_once(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, timedelta(days=20))

    async def ask() -> int:
        answer = await mall.client.post(
            f"/v1/members/{member_id}/expiry-changes",
            json={
                "change": {"kind": "days", "amount": 1},
                "reason_code": "goodwill",
                "note": "Asked twice",
            },
            headers={**mall.staff(), "Idempotency-Key": "same"},
        )
        return answer.status_code

    assert sorted(await asyncio.gather(*(ask() for _ in range(4)))) == [200, 200, 200, 201]
    changes = await mall.rows("SELECT 1 FROM lot_change WHERE program_id = :p")
    assert len(changes) == 1


async def test_the_books_stay_right_when_staff_asked_before_the_night_and_came_after_it(
    mall: Mall,
) -> None:
    """Who waits for a connection or for a lock has looked at the clock before."""
    member_id = await mall.enrol()
    await given(mall, member_id, 100, timedelta(hours=3))
    await held(mall, member_id, 40, ttl_seconds=604_800)
    assert (await pass_night(mall)).expired_points == 60
    mall.clock.advance(seconds=-30)
    answer = await mall.post(
        f"/v1/members/{member_id}/expiry-changes",
        {"change": {"kind": "days", "amount": 9}, "reason_code": "goodwill", "note": "Waited"},
        key="waited",
    )
    assert (answer.status_code, answer.json()["lots"][0]["points"]) == (201, 40)


async def shorten(
    mall: Mall, member_id: UUID, who: str, key: str, *versions: int
) -> httpx.Response:
    headers = staff_headers(mall.clock, mall.program_id, ["points.adjust"], subject=who)
    body = {
        "lot_versions": list(versions) or None,
        "change": {"kind": "last_day", "on": mall.clock().date().isoformat()},
        "may_shorten": True,
        "reason_code": "x",
        "note": "x",
    }
    return await mall.client.post(
        f"/v1/members/{member_id}/expiry-changes",
        json=body,
        headers={**headers, "Idempotency-Key": key},
    )


async def test_nobody_ends_alone_what_they_may_not_take_alone(mall: Mall) -> None:
    member_id = await mall.enrol()
    for n in range(4):
        await given(mall, member_id, 40, timedelta(days=20 + n))
    rules = {"points_unchecked_max": 100, "reason_codes": []}
    await mall.client.put("/v1/adjustment-rules", json=rules, headers=mall.staff())
    refused = await shorten(mall, member_id, "a", "all")
    told = refused.json()
    assert (refused.status_code, told["code"]) == (422, "shortening_needs_check")
    assert (told["points"], told["left"]) == (160, 100)
    one_by_one = [await shorten(mall, member_id, "a", f"k{n}", n) for n in (1, 2, 3)]
    assert [answer.status_code for answer in one_by_one] == [201, 201, 422]
    assert one_by_one[2].json()["left"] == 20
    # What was made to end is as good as taken, and the other way round.
    body = {"points": -21, "reason_code": "x", "note": "x"}
    headers = staff_headers(mall.clock, mall.program_id, ["points.adjust"], subject="a")
    path = f"/v1/members/{member_id}/adjustments"
    taken = await mall.client.post(path, json=body, headers={**headers, "Idempotency-Key": "t"})
    assert taken.status_code == 202
    # Each has keys of their own.
    assert (await shorten(mall, member_id, "b", "k1", 3)).status_code == 201
    again = await shorten(mall, member_id, "a", "k1", 1)
    assert (again.status_code, again.json()) == (200, one_by_one[0].json())
