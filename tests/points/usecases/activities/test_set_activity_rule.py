"""Rules for activities are versions that nobody changes."""

from datetime import timedelta
from typing import Any

from tests.points.mall import Mall


async def test_each_kind_has_versions_of_its_own(mall: Mall) -> None:
    now = mall.clock()

    async def add(kind: str, days: int, **fields: Any) -> tuple[int, int | str]:
        since = (now + timedelta(days=days)).isoformat()
        body = {"kind": kind, "effective_from": since, "points": 5, **fields}
        answer = await mall.post("/v1/activity-rules", body)
        shown = answer.json()
        return answer.status_code, shown.get("version") or shown["code"]

    assert await add("check_in", 0) == (201, 1)
    assert await add("check_in", 3, day_max=1) == (201, 2)
    assert await add("check_in", 2) == (422, "activity_rule_in_past")
    assert await add("survey", 1, pending={"mode": "days", "days": 3}) == (201, 1)
    assert await add("survey", 9, day_max=0) == (422, "validation_failed")
    shown = (await mall.get("/v1/activity-rules")).json()
    assert [(r["kind"], r["version"], r["day_max"]) for r in shown] == [
        ("check_in", 1, None),
        ("check_in", 2, 1),
        ("survey", 1, None),
    ]
