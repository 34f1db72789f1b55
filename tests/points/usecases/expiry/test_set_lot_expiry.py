"""Ends are changed under the account's lock: two who ask at once do it once."""

import asyncio
from datetime import timedelta

from tests.points.mall import Mall
from tests.points.nights import given


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
