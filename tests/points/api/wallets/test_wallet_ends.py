"""Wallets through time: what ends when, what was there once, and by which version it ends."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts.campaigns import RewardGranted
from shared.ids import new_id
from tests.points.mall import Mall


async def state(mall: Mall, days: int, **fields: Any) -> None:
    body = {"name": "Stars", "expiry": {"kind": "rolling_days", "days": days}, **fields}
    answer = await mall.client.put("/v1/wallets/stars", json=body, headers=mall.staff())
    assert answer.status_code in {200, 201}, answer.text


async def give(mall: Mall, member_id: UUID, points: int, key: str) -> None:
    body = {"reason_code": "x", "note": "x", "points": points, "wallet": "stars"}
    answer = await mall.post(f"/v1/members/{member_id}/adjustments", body, None, key)
    assert answer.status_code == 201, answer.text


async def test_what_ends_when_is_told_of_each_wallet(mall: Mall) -> None:
    await state(mall, 9)
    member_id, other = await mall.enrol(), await mall.enrol()
    path = f"/v1/members/{member_id}/wallets/stars/expiring"
    assert (await mall.get(path, member_id)).json()["deadlines"] == []
    await give(mall, member_id, 7, "a")
    mall.clock.advance(days=2)
    await give(mall, member_id, 5, "b")
    found = (await mall.get(path, member_id, by="2026-03-20")).json()
    assert [(row["on"], row["points"]) for row in found["deadlines"]] == [
        ("2026-03-19", 7),
        ("2026-03-21", 5),
    ]
    assert (found["balance"], found["ending_by"], found["never"]) == (12, 7, 0)
    assert (await mall.get(path.replace("stars", "points"), member_id)).json()["balance"] == 0
    assert (await mall.get(path, other)).status_code == 404
    missing = await mall.get(path.replace("stars", "moons"), member_id)
    assert (missing.status_code, missing.json()["code"]) == (404, "wallet_unknown")


async def test_what_was_in_the_wallets_once_can_be_seen_again(mall: Mall) -> None:
    await state(mall, 9)
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    await give(mall, member_id, 7, "a")
    then = mall.clock().isoformat()
    mall.clock.advance(hours=1)
    await give(mall, member_id, 5, "b")
    path = f"/v1/members/{member_id}/wallets"

    async def at(**query: str) -> list[tuple[str, int, int]]:
        found = (await mall.get(path, member_id, **query)).json()
        return [(row["wallet"], row["balance"], row["version"]) for row in found]

    assert await at() == await at(as_of="2026-03-10") == [("points", 100, 1), ("stars", 12, 2)]
    assert await at(as_of=then) == [("points", 100, 1), ("stars", 7, 1)]
    assert await at(as_of="2026-03-09") == [("points", 0, 0), ("stars", 0, 0)]
    page = (await mall.get(f"{path}/stars/postings", member_id, as_of=then)).json()
    assert [row["points"] for row in page["postings"]] == [7]
    refused = await mall.get(path, member_id, as_of="2030-01-01")
    assert (refused.status_code, refused.json()["code"]) == (422, "as_of_in_future")


async def test_what_comes_late_ends_by_the_version_of_its_time(mall: Mall) -> None:
    await state(mall, 9)
    member_id, earned_at = await mall.enrol(), mall.clock()
    mall.clock.advance(days=1)
    await state(mall, 90)
    await state(mall, 90)
    late = RewardGranted(
        program_id=mall.program_id,
        grant_id=new_id(),
        member_id=member_id,
        campaign_id=new_id(),
        campaign_version=1,
        campaign_name="Spring",
        kind="points",
        points=4,
        granted_at=earned_at,
        explanation={"zh-CN": "x", "en": "x"},
        wallet="stars",
    )
    early = late.model_copy(
        update={"grant_id": new_id(), "granted_at": earned_at - timedelta(days=99)}
    )
    new = late.model_copy(update={"grant_id": new_id(), "granted_at": mall.clock()})
    await mall.hear(late, new)
    path = f"/v1/members/{member_id}/wallets/stars/expiring"
    ends = [row["on"] for row in (await mall.get(path, member_id)).json()["deadlines"]]
    assert ends == ["2026-03-19", "2026-06-09"]
    await mall.hear(early)  # Before the first version: by the first.
    first = (await mall.get(path, member_id)).json()["deadlines"][0]
    assert (first["on"], first["is_over"]) == ("2025-12-10", True)
    versions = (await mall.get("/v1/wallets/stars/versions")).json()
    assert [(v["version"], v["expiry"]["days"], v["recorded_by"]) for v in versions] == [
        (1, 9, "staff-1"),
        (2, 90, "staff-1"),
    ]
    assert [
        v["version"] for v in (await mall.get("/v1/wallets/stars/versions", after=1)).json()
    ] == [2]
