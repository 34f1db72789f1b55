"""Whoever follows `next_before` reads everything once, however it falls into pages."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.points.api.paging import next_before
from tests.points.mall import Mall
from tests.points.members import freeze, offer, two_members
from tests.points.spending import held, member_with, set_redemption_policy

RULE = {"points": 5}


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


async def read_lists(
    mall: Mall, path: str, name: str | None, cursor: Mapping[str, str]
) -> list[Any]:
    """Two rows a page, each after the last one of the page before."""
    found: list[Any] = []
    query: dict[str, Any] = {}
    while True:
        answer = await mall.get(path, limit=2, **query)
        assert answer.status_code == 200, answer.text
        page = answer.json() if name is None else answer.json()[name]
        found += page
        if len(page) < 2:
            return found
        query = {parameter: page[-1][key] for parameter, key in cursor.items()}


async def test_lists_of_what_staff_state_and_of_what_is_set_aside_have_pages_too(
    mall: Mall,
) -> None:
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 100)
    for number in range(3):
        mall.clock.advance(hours=1)
        since = mall.clock().isoformat()
        await mall.set_policy(effective_from=since)
        await set_redemption_policy(mall, effective_from=since)
        for kind in ("check_in", "survey"):
            await mall.post("/v1/activity-rules", {**RULE, "kind": kind, "effective_from": since})
        price = {"effective_from": since, "amount_minor": 1, "per_points": 1, "currency": "CNY"}
        priced = await mall.client.post("/v1/clearing/prices", json=price, headers=mall.staff())
        assert priced.status_code == 201, priced.text
        await held(mall, member_id, 10, ttl_seconds=600_000)
        await freeze(mall, await mall.enrol())
        case = (await freeze(mall, member_id, lot_version=1)).json()["case_id"]
        await mall.post(f"/v1/members/{member_id}/freezes/{case}/thaw", {"outcome": f"{number}"})
    version, of_member = {"after": "version"}, f"/v1/members/{member_id}"
    rules = {"after_kind": "kind", "after": "version"}
    prices = {"after": "effective_from", "after_wallet": "wallet"}
    for path, name, cursor, key, count in (
        ("/v1/earning-policies", None, version, "version", 4),
        ("/v1/redemption-policies", None, version, "version", 4),
        ("/v1/activity-rules", None, rules, "effective_from", 6),
        ("/v1/clearing/prices", None, prices, "effective_from", 3),
        (f"{of_member}/holds", "holds", {"after": "hold_id"}, "hold_id", 3),
        (f"{of_member}/freezes", None, {"before": "case_id"}, "case_id", 3),
    ):
        found = await read_lists(mall, path, name, cursor)
        assert len(found) == count, path
        assert len({(row.get("kind"), row[key]) for row in found}) == count, path
    surveys = (await mall.get("/v1/activity-rules", kind="survey", after=1)).json()
    assert [(row["kind"], row["version"]) for row in surveys] == [("survey", 2), ("survey", 3)]
