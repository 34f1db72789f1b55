"""A version that was stated by mistake is taken back before it begins, and kept."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.points.mall import Mall
from tests.points.spending import member_with, redeem, set_redemption_policy

EARNING, REDEMPTION = "/v1/earning-policies", "/v1/redemption-policies"
WHY = {"reason": "Meant for 2027"}


async def withdraw(mall: Mall, kind: str, version: int) -> httpx.Response:
    return await mall.post(f"{kind}/{version}/withdrawal", WHY)


async def state(mall: Mall, kind: str, *, in_days: int, **fields: Any) -> httpx.Response:
    begins = (mall.clock() + timedelta(days=in_days)).isoformat()
    if kind == EARNING:
        return await mall.set_policy(effective_from=begins, **fields)
    return await set_redemption_policy(mall, effective_from=begins, **fields)


@pytest.mark.parametrize("kind", [EARNING, REDEMPTION])
async def test_what_has_not_begun_is_withdrawn_and_earlier_versions_follow(
    mall: Mall, kind: str
) -> None:
    assert (await state(mall, kind, in_days=-1)).status_code == 201
    mistaken = (await state(mall, kind, in_days=2_000)).json()["version"]
    blocked = await state(mall, kind, in_days=1)
    assert (blocked.status_code, blocked.json()["code"]) == (422, "policy_in_past")
    done = await withdraw(mall, kind, mistaken)
    assert (done.status_code, done.json()["reason"]) == (200, WHY["reason"])
    assert (done.json()["withdrawn_by"], done.json()["version"]) == ("staff-1", mistaken)
    again = await mall.post(f"{kind}/{mistaken}/withdrawal", {"reason": "again"})
    assert (again.status_code, again.json()) == (200, done.json())
    assert (await state(mall, kind, in_days=1)).status_code == 201
    listed = {v["version"]: v["withdrawn"] for v in (await mall.get(kind)).json()}
    assert [v for v, withdrawn in listed.items() if withdrawn is not None] == [mistaken]
    assert listed[mistaken]["reason"] == WHY["reason"]
    assert max(listed) > mistaken


@pytest.mark.parametrize("kind", [EARNING, REDEMPTION])
async def test_what_has_begun_or_begins_right_now_stays(mall: Mall, kind: str) -> None:
    begun = (await state(mall, kind, in_days=-1)).json()["version"]
    refused = await withdraw(mall, kind, begun)
    assert (refused.status_code, refused.json()["code"]) == (409, "policy_begun")
    later = (await state(mall, kind, in_days=1)).json()["version"]
    # Receipts may be dated five minutes ahead: some may have been rated by it already.
    mall.clock.advance(hours=23, minutes=56)
    assert (await withdraw(mall, kind, later)).json()["code"] == "policy_begun"
    for nobodys in (0, later + 1):
        unknown = await withdraw(mall, kind, nobodys)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "policy_version_unknown")


async def test_every_process_forgets_a_withdrawn_version_before_it_would_begin(
    mall: Mall, twin: Mall
) -> None:
    member_id = await mall.enrol()
    five = {"programme": {"points": 5, "per_minor": 100}}
    version = (await state(mall, EARNING, in_days=1, **five)).json()["version"]
    # Both have it on their shelves.
    for door in (mall, twin):
        await door.sold(1_000, member_id=member_id)
    assert (await withdraw(mall, EARNING, version)).status_code == 200
    mall.clock.advance(days=2)
    for door in (mall, twin):
        sold = await door.push(door.sale(1_000, member_id=member_id))
        assert sold.json()["points"] == 10
    three = {"programme": {"points": 3, "per_minor": 100}}
    assert (await state(mall, EARNING, in_days=0, **three)).status_code == 201
    for door in (mall, twin):
        sold = await door.push(door.sale(1_000, member_id=member_id))
        assert sold.json()["points"] == 30


async def test_points_pay_by_the_version_that_was_not_withdrawn(mall: Mall) -> None:
    member_id = await member_with(mall, 1_000)
    await set_redemption_policy(mall)
    dear = (await state(mall, REDEMPTION, in_days=1, step_minor=10_000)).json()["version"]
    await withdraw(mall, REDEMPTION, dear)
    mall.clock.advance(days=2)
    paid = (await redeem(mall, mall.sale(100_000), member_id, 100)).json()
    assert paid["amount_minor"] == 100
