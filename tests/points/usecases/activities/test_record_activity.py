"""Members earn by what they do, once for each thing, as often as the rule lets them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from shared.contracts.points import PointsPosted
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.wallets_at_hand import state_stars
from tests.support.tokens import service_headers


async def rule(mall: Mall, kind: str = "check_in", points: int = 5, **fields: Any) -> None:
    since = (mall.clock() - timedelta(days=500)).isoformat()
    body = {"kind": kind, "effective_from": since, "points": points, **fields}
    answer = await mall.post("/v1/activity-rules", body)
    assert answer.status_code == 201, answer.text


async def tell(
    mall: Mall, member_id: UUID, external_id: str, kind: str = "check_in", **fields: Any
) -> httpx.Response:
    """An app's server tells."""
    body = {
        "member_id": str(member_id),
        "kind": kind,
        "external_id": external_id,
        "happened_at": mall.clock().isoformat(),
        **fields,
    }
    headers = service_headers(mall.clock, mall.program_id, ["points.activities"])
    return await mall.client.post("/v1/activities", json=body, headers=headers)


async def test_the_same_activity_earns_once_for_ever_and_gets_the_same_answer(mall: Mall) -> None:
    await rule(mall, expiry={"kind": "months", "months": 12})
    member_id = await mall.enrol()
    at = mall.clock().isoformat()
    first = await tell(mall, member_id, "a", happened_at=at)
    assert first.status_code == 201, first.text
    assert (first.json()["points"], first.json()["balance"]) == (5, 5)
    assert first.json()["expires_at"] == "2027-03-10T16:00:00Z"
    mall.clock.advance(days=300)
    again = await tell(mall, member_id, "a", happened_at=at)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await tell(mall, member_id, "a")
    assert (other.status_code, other.json()["code"]) == (409, "activity_conflict")
    assert await mall.balance(member_id) == 5
    shown = await mall.get(f"/v1/members/{member_id}/activities", member_id)
    assert shown.json()["activities"] == [first.json()]


async def test_of_many_at_once_one_earns_and_all_hear_the_same(mall: Mall) -> None:
    await rule(mall)
    member_id = await mall.enrol()
    answers = await asyncio.gather(*(tell(mall, member_id, "a") for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert await mall.balance(member_id) == 5


async def test_the_same_name_is_free_for_another_member_and_another_kind(mall: Mall) -> None:
    await rule(mall)
    await rule(mall, "review", 7)
    one, two = await mall.enrol(), await mall.enrol()
    for member_id, kind in ((one, "check_in"), (two, "check_in"), (one, "review")):
        assert (await tell(mall, member_id, "a", kind)).status_code == 201
    assert (await mall.balance(one), await mall.balance(two)) == (12, 5)


async def test_a_rule_limits_how_often_it_earns_by_the_malls_days(mall: Mall) -> None:
    await rule(mall, day_max=1, month_max=3, ever_max=4)
    member_id = await mall.enrol()
    assert (await tell(mall, member_id, "0")).status_code == 201
    refused = await tell(mall, member_id, "0b")
    assert (refused.status_code, refused.json()["code"]) == (422, "activity_limit_reached")
    assert (refused.json()["period"], refused.json()["limit"]) == ("day", 1)
    # Noon in Greenwich and 16:30 are two days in Shanghai.
    mall.clock.advance(hours=4, minutes=30)
    assert (await tell(mall, member_id, "1")).status_code == 201
    mall.clock.advance(days=1)
    assert (await tell(mall, member_id, "2")).status_code == 201
    mall.clock.advance(days=1)
    assert (await tell(mall, member_id, "3")).json()["period"] == "month"
    mall.clock.advance(days=30)
    assert (await tell(mall, member_id, "4")).status_code == 201
    mall.clock.advance(days=1)
    assert (await tell(mall, member_id, "5")).json()["period"] == "ever"
    assert await mall.balance(member_id) == 20


async def test_what_comes_late_counts_on_the_day_on_which_it_happened(mall: Mall) -> None:
    await rule(mall, day_max=1)
    member_id = await mall.enrol()
    yesterday = (mall.clock() - timedelta(days=1)).isoformat()
    assert (await tell(mall, member_id, "today")).status_code == 201
    assert (await tell(mall, member_id, "late", happened_at=yesterday)).status_code == 201
    again = await tell(mall, member_id, "again", happened_at=yesterday)
    assert again.json()["code"] == "activity_limit_reached"


async def test_two_lie_apart_as_the_cooldown_says_whichever_comes_first(mall: Mall) -> None:
    await rule(mall, cooldown_seconds=3_600)
    member_id = await mall.enrol()
    at = mall.clock()
    assert (await tell(mall, member_id, "a")).status_code == 201
    for minutes, status in ((59, 422), (-59, 422), (60, 201), (-60, 201)):
        happened_at = (at + timedelta(minutes=minutes)).isoformat()
        mall.clock.advance(hours=1 if minutes == 59 else 0)
        answer = await tell(mall, member_id, f"{minutes}", happened_at=happened_at)
        assert answer.status_code == status, minutes
        if status == 422:
            assert (answer.json()["code"], answer.json()["seconds"]) == ("activity_too_soon", 3_600)


async def test_the_rule_in_force_when_it_happened_decides(mall: Mall) -> None:
    await rule(mall)
    member_id = await mall.enrol()
    before = mall.clock().isoformat()
    mall.clock.advance(days=1)
    now = mall.clock().isoformat()
    newer = {"kind": "check_in", "effective_from": now, "points": 50}
    assert (await mall.post("/v1/activity-rules", newer)).json()["version"] == 2
    assert (await mall.post("/v1/activity-rules", newer)).json()["code"] == "activity_rule_in_past"
    old = await tell(mall, member_id, "old", happened_at=before)
    assert (old.json()["points"], old.json()["rule_version"]) == (5, 1)
    assert (await tell(mall, member_id, "new")).json()["points"] == 50
    mall.clock.advance(days=1)
    ended = {"kind": "check_in", "effective_from": mall.clock().isoformat(), "points": 0}
    await mall.post("/v1/activity-rules", ended)
    refused = await tell(mall, member_id, "over")
    assert (refused.status_code, refused.json()["code"]) == (422, "activity_not_rewarded")


async def test_points_that_wait_are_shown_and_become_good_by_an_event(mall: Mall) -> None:
    await rule(mall, "review", 30, pending={"mode": "event", "event": "review_approved"})
    member_id = await mall.enrol()
    told = (await tell(mall, member_id, "r1", "review")).json()
    assert (told["is_pending"], told["activates_at"]) == (True, None)
    await tell(mall, member_id, "r2", "review")
    answer = await mall.post(
        f"/v1/members/{member_id}/activation-events",
        {"event": "review_approved", "source_id": told["activity_id"]},
        None,
        "k",
    )
    assert (answer.json()["points"], answer.json()["pending"]) == (30, 30)


async def test_a_referral_pays_both_sides_once(mall: Mall) -> None:
    await rule(mall, "referral", 100, referred_points=40)
    member_id, friend, other = [await mall.enrol() for _ in range(3)]

    async def refer(who: UUID, whom: UUID | None, name: str) -> httpx.Response:
        fields = {} if whom is None else {"referred_member_id": str(whom)}
        return await tell(mall, who, name, "referral", **fields)

    first = await refer(member_id, friend, "a")
    assert (first.json()["points"], first.json()["referred_points"]) == (100, 40)
    assert (await mall.balance(member_id), await mall.balance(friend)) == (100, 40)
    for answer, status, code in (
        (await refer(other, friend, "b"), 409, "already_referred"),
        (await refer(member_id, friend, "c"), 409, "already_referred"),
        (await refer(member_id, member_id, "d"), 422, "referral_of_self"),
        (await refer(member_id, None, "e"), 422, "referred_missing"),
        (await refer(member_id, new_id(), "f"), 422, "referred_unknown"),
        (await tell(mall, other, "g", referred_member_id=str(friend)), 422, "referred_missing"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    why = (await mall.get(f"/v1/members/{friend}/postings/1", friend)).json()
    assert "recommendation" in why["sentences"]["en"]
    told = [e for e in await mall.told(PointsPosted) if e.source_kind == "activity"]
    assert sorted((e.member_id == friend, e.points, e.kind) for e in told) == [
        (False, 100, "earn"),
        (True, 40, "earn"),
    ]


async def test_two_members_who_bring_the_same_friend_at_once_are_paid_once(mall: Mall) -> None:
    await rule(mall, "referral", 100, referred_points=40)
    members = [await mall.enrol() for _ in range(6)]
    friend = await mall.enrol()
    answers = await asyncio.gather(
        *(tell(mall, m, "a", "referral", referred_member_id=str(friend)) for m in members)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert await mall.balance(friend) == 40


async def test_what_earns_nothing_is_refused_with_why_and_may_earn_later(mall: Mall) -> None:
    member_id = await mall.enrol()
    none = await tell(mall, member_id, "a")
    assert (none.status_code, none.json()["code"]) == (422, "activity_not_rewarded")
    await rule(mall)
    for days in (-401, 1):
        at = (mall.clock() + timedelta(days=days)).isoformat()
        assert (await tell(mall, member_id, "x", happened_at=at)).json()["code"] == (
            "activity_out_of_time"
        )
    assert (await tell(mall, new_id(), "a")).json()["code"] == "member_unknown"
    assert (await tell(mall, member_id, "a")).status_code == 201
    headers = service_headers(mall.clock, mall.program_id, ["other"])
    body = {"member_id": str(member_id), "kind": "x", "external_id": "x"}
    body["happened_at"] = mall.clock().isoformat()
    refused = await mall.client.post("/v1/activities", json=body, headers=headers)
    assert refused.json()["code"] == "role_missing"


async def test_what_a_full_wallet_does_not_take_is_said_with_the_limit_and_kept(mall: Mall) -> None:
    await state_stars(mall, balance_max=100)
    await rule(mall, "survey", 60, wallet="stars")
    member_id = await mall.enrol()
    at = mall.clock().isoformat()
    told = [(await tell(mall, member_id, n, "survey", happened_at=at)).json() for n in "abc"]
    assert [(t["points"], t["trimmed"], t["balance"]) for t in told] == [
        (60, 0, 60),
        (40, 20, 100),
        (0, 60, 100),
    ]
    ends = "2026-12-31T16:00:00Z"
    assert [t["expires_at"] for t in told] == [ends, ends, None]
    note = {"code": "wallet_trimmed", "side": "member", "wallet": "stars", "limit": 100}
    assert [t["notes"] for t in told] == [
        None,
        [{**note, "balance_before": 60, "worth": 60, "points": 20}],
        [{**note, "balance_before": 100, "worth": 60, "points": 60}],
    ]
    again = await tell(mall, member_id, "c", "survey", happened_at=at)
    assert (again.status_code, again.json()) == (200, told[2])
    shown = await mall.get(f"/v1/members/{member_id}/activities", member_id)
    assert {a["external_id"]: a for a in shown.json()["activities"]}["b"] == told[1]
    why = await mall.get(f"/v1/members/{member_id}/wallets/stars/postings/1", member_id)
    assert why.json()["sentences"]["zh-CN"] == "填写问卷获得60Stars。"
    assert why.json()["sentences"]["en"] == "60 Stars for a survey."


async def test_each_side_of_a_referral_hears_of_its_own_full_wallet(mall: Mall) -> None:
    await state_stars(mall, balance_max=50)
    await rule(mall, "referral", 80, referred_points=60, wallet="stars")
    member_id, friend = await mall.enrol(), await mall.enrol()
    answer = await tell(mall, member_id, "a", "referral", referred_member_id=str(friend))
    told = answer.json()
    assert (told["points"], told["referred_points"], told["trimmed"]) == (50, 50, 40)
    assert [(n["side"], n["points"]) for n in told["notes"]] == [("member", 30), ("referred", 10)]
