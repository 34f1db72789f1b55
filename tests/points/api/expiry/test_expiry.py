"""Members see what of their points ends when; staff let it last longer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.nights import given, pass_night

DAY = timedelta(days=1)


async def schedule(mall: Mall, member_id: UUID, **query: Any) -> dict[str, Any]:
    answer = await mall.get(f"/v1/members/{member_id}/points/expiring", member_id, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def change(
    mall: Mall, member_id: UUID, key: str, change: dict[str, Any], **body: Any
) -> httpx.Response:
    return await mall.client.post(
        f"/v1/members/{member_id}/expiry-changes",
        json={"change": change, "reason_code": "goodwill", "note": "Was ill", **body},
        headers={**mall.staff(), "Idempotency-Key": key},
    )


async def test_s_1f_what_ends_by_a_day_is_added_up(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 20 * DAY)  # 30 March
    await given(mall, member_id, 200, 100 * DAY)  # 18 June
    await given(mall, member_id, 50, None)
    assert (await schedule(mall, member_id, by="2026-04-01"))["ending_by"] == 100
    assert (await schedule(mall, member_id, by="2026-07-01"))["ending_by"] == 300
    assert (await schedule(mall, member_id))["ending_by"] is None


async def test_q_5_the_deadlines_and_what_never_ends_are_the_balance(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 20 * DAY)
    await given(mall, member_id, 30, 20 * DAY, state="pending")
    await given(mall, member_id, 7, DAY / 8)
    await given(mall, member_id, 50, None)
    mall.clock.advance(hours=4)
    found = await schedule(mall, member_id, by="2026-12-31")
    deadlines = found["deadlines"]
    assert sum(d["points"] for d in deadlines) + found["never"] == found["balance"] == 187
    assert [(d["on"], d["points"], d["pending"], d["is_over"]) for d in deadlines] == [
        ("2026-03-10", 7, 0, True),
        ("2026-03-30", 130, 30, False),
    ]
    assert (found["pending"], found["held"], found["debt"]) == (30, 0, 0)
    assert found["ending_by"] == 130
    await pass_night(mall)
    after = await schedule(mall, member_id)
    assert [d["points"] for d in after["deadlines"]] == [130]
    assert sum(d["points"] for d in after["deadlines"]) + after["never"] == after["balance"]


async def test_a_debt_has_no_deadlines(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    assert (await mall.adjust(member_id, -100, "all")).status_code == 201
    assert (await mall.push(mall.refund(sale))).status_code == 201
    found = await schedule(mall, member_id)
    assert (found["balance"], found["debt"], found["deadlines"]) == (-100, 100, [])


async def test_who_is_not_a_member_has_no_schedule(mall: Mall) -> None:
    answer = await mall.get(f"/v1/members/{mall.mall_id}/points/expiring")
    assert answer.status_code == 404


async def test_staff_let_a_lot_last_longer_once_for_the_key(mall: Mall) -> None:
    member_id = await mall.enrol()
    first = await given(mall, member_id, 100, 20 * DAY)
    await given(mall, member_id, 10, 30 * DAY)
    asked = {"kind": "months", "amount": 1}
    made = await change(mall, member_id, "k", asked, lot_versions=[first])
    assert made.status_code == 201, made.text
    [lot] = made.json()["lots"]
    assert lot["after"] == "2026-04-30T16:00:00Z"
    again = await change(mall, member_id, "k", asked, lot_versions=[first])
    assert (again.status_code, again.json()) == (200, made.json())
    other = await change(mall, member_id, "k", asked, lot_versions=[first + 1])
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    changes = await mall.rows("SELECT kind, reason FROM lot_change WHERE program_id = :p")
    assert [(kind, reason["reason_code"], reason["note"]) for kind, reason in changes] == [
        ("expiry_set", "goodwill", "Was ill")
    ]
    days = [d["on"] for d in (await schedule(mall, member_id))["deadlines"]]
    assert days == ["2026-04-09", "2026-04-30"]


async def test_a_last_day_shortens_only_when_that_is_said(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 20 * DAY)
    await given(mall, member_id, 10, 200 * DAY)
    await given(mall, member_id, 1, None)
    asked = {"kind": "last_day", "on": "2026-06-30"}
    made = await change(mall, member_id, "k", asked)
    lots = made.json()["lots"]
    assert [lot["before"] == lot["after"] for lot in lots] == [False, True, True]
    shorter = await change(mall, member_id, "k2", asked, may_shorten=True)
    assert {lot["after"] for lot in shorter.json()["lots"]} == {"2026-06-30T16:00:00Z"}
    await change(mall, member_id, "k3", {"kind": "never"})
    assert (await schedule(mall, member_id))["never"] == 111


async def test_what_ended_today_can_be_saved_before_the_night(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, DAY / 8)
    mall.clock.advance(hours=3, minutes=30)
    made = await change(mall, member_id, "k", {"kind": "days", "amount": 2})
    assert made.status_code == 201
    assert (await pass_night(mall)).expired_points == 0
    assert await mall.balance(member_id) == 100


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"change": {"kind": "last_day", "on": "2026-03-09"}}, 422, "expiry_in_past"),
        ({"change": {"kind": "never"}, "lot_versions": [99]}, 404, "lot_unknown"),
        ({"change": {"kind": "weeks", "amount": 1}}, 422, None),
        ({"change": {"kind": "last_day", "on": 20260630}}, 422, None),
    ],
)
async def test_what_cannot_be_is_refused(
    mall: Mall, asked: dict[str, Any], status: int, code: str | None
) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 20 * DAY)
    answer = await change(mall, member_id, "k", **asked)
    assert answer.status_code == status, answer.text
    if code is not None:
        assert answer.json()["code"] == code


async def test_expiry_is_changed_by_staff_alone_and_on_known_members(mall: Mall) -> None:
    member_id = await mall.enrol()
    body = {"change": {"kind": "never"}, "reason_code": "x", "note": "x"}
    path = f"/v1/members/{member_id}/expiry-changes"
    headers = {**mall.staff("points.read"), "Idempotency-Key": "k"}
    assert (await mall.client.post(path, json=body, headers=headers)).status_code == 403
    unknown = await change(mall, mall.mall_id, "k", {"kind": "never"})
    assert unknown.status_code == 404


async def test_points_cannot_be_made_to_last_longer_than_calendars_do(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 20 * DAY)
    longer = {"kind": "months", "amount": 3_650}
    assert (await change(mall, member_id, "0", longer)).status_code == 201
    last = (await schedule(mall, member_id))["deadlines"]
    for key in range(1, 4):
        refused = await change(mall, member_id, str(key), longer)
        assert (refused.status_code, refused.json()["code"]) == (422, "expiry_too_far")
        assert refused.json()["last_day"] == "2399-12-31"
    assert (await schedule(mall, member_id))["deadlines"] == last


async def test_a_day_is_that_of_the_mall_that_gave_the_points(mall: Mall) -> None:
    """London, beside two shops in Shanghai: its day ends eight hours later."""
    for _ in range(2):
        await mall.open_shop(shop_id=new_id(), code="more", mall_id=new_id())
    await mall.open_shop(time_zone="Europe/London", revision=2)
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 1})
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    found = await schedule(mall, member_id, by="2026-03-11")
    [deadline] = found["deadlines"]
    assert (deadline["on"], deadline["expires_at"]) == ("2026-03-11", "2026-03-12T00:00:00Z")
    assert found["ending_by"] == 100
