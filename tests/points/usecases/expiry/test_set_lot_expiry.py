"""Ends are changed under the account's lock: two who ask at once do it once."""

import asyncio
from datetime import timedelta

from tests.points.mall import Mall
from tests.points.nights import given, pass_night
from tests.points.spending import held


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
