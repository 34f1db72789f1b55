"""Whoever follows `next_before` reads everything once, however it falls into pages."""

from datetime import timedelta
from typing import Any

import pytest

from services.points.api.paging import next_before
from tests.points.mall import Mall
from tests.points.members import offer, two_members


def test_a_full_page_names_its_last_and_the_last_page_nothing() -> None:
    assert next_before([3, 2], 2, lambda n: n) == 2
    assert next_before([3, 2], 3, lambda n: n) is None
    assert next_before([], 1, lambda n: n) is None


async def read_all(mall: Mall, path: str, name: str, limit: int) -> list[Any]:
    """Page after page; no page is empty but the only one."""
    found: list[Any] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        answer = await mall.get(path, **query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page[name]
        if page["next_before"] is None:
            return found
        assert len(page[name]) == limit
        query["before"] = page["next_before"]


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_each_list_is_read_once_page_by_page(mall: Mall, limit: int) -> None:
    since = (mall.clock() - timedelta(days=9)).isoformat()
    rule = {"kind": "check_in", "effective_from": since, "points": 5}
    await mall.post("/v1/activity-rules", rule)
    member_id, other = await two_members(mall)
    told = {"member_id": str(member_id), "kind": "check_in"}
    told["happened_at"] = mall.clock().isoformat()
    for number in range(5):
        # All at the same instant: what is told at once must not fall between two pages.
        await mall.post("/v1/activities", {**told, "external_id": f"{number}"})
        await mall.sold(100, member_id=member_id)
        await mall.adjust(member_id, 10, f"{number}")
        await offer(mall, member_id, other, 1, f"{number}")
    of_member = f"/v1/members/{member_id}"
    for path, name, key, count in (
        (f"{of_member}/activities", "activities", "activity_id", 5),
        (f"{of_member}/receipts", "receipts", "transaction_id", 5),
        (f"{of_member}/adjustments", "adjustments", "adjustment_id", 5),
        (f"{of_member}/transfers", "transfers", "transfer_id", 5),
        (f"{of_member}/postings", "postings", "version", 15),
        (f"{of_member}/wallets/points/postings", "postings", "version", 15),
    ):
        found = await read_all(mall, path, name, limit)
        assert len(found) == len({row[key] for row in found}) == count, path
