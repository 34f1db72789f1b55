"""Caps, cooldown and minimum at the till: what counts, what is told, what races cannot break."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import merged

DAILY = {"code": "daily", "period": "day", "points": 100, "when_exceeded": "trim"}
RECEIPT = {"code": "big", "period": "receipt", "points": 80, "when_exceeded": "reject"}


async def earn(mall: Mall, member_id: UUID, amount: int, **fields: Any) -> dict[str, Any]:
    """What the till hears of such a sale."""
    answer = await mall.push(mall.sale(amount, member_id=member_id, **fields))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def usages(mall: Mall, member_id: UUID) -> dict[tuple[str, str], tuple[int, int]]:
    """(points, times) by cap and period."""
    rows = await mall.rows(
        "SELECT cap, period, points, times FROM cap_usage "
        "WHERE program_id = :p AND account_id = :m",
        m=member_id,
    )
    return {(cap, period): (points, times) for cap, period, points, times in rows}


async def test_v_6_the_till_hears_which_cap_took_how_much(mall: Mall) -> None:
    await mall.set_policy(caps=[RECEIPT, DAILY])
    member_id = await mall.enrol()
    first = await earn(mall, member_id, 7_000)
    assert (first["points"], first["trimmed"], first["notes"]) == (70, 0, [])
    second = await earn(mall, member_id, 5_000)
    note = {"code": "cap_trimmed", "cap": "daily", "period": "day", "limit": 100}
    assert (second["points"], second["trimmed"]) == (30, 20)
    assert second["notes"] == [{**note, "granted_before": 70, "points": 20}]
    mall.clock.advance(days=1)
    third = await earn(mall, member_id, 8_100)
    assert (third["status"], third["points"], third["balance"]) == ("posted", 0, 100)
    assert [n["code"] for n in third["notes"]] == ["cap_rejected"]
    assert await usages(mall, member_id) == {("earn:daily", "2026-03-10"): (100, 2)}
    rows = (await mall.get(f"/v1/members/{member_id}/receipts", member_id)).json()["receipts"]
    assert sorted((r["trimmed"], len(r["notes"] or [])) for r in rows) == [(0, 0), (20, 1), (81, 1)]


async def test_the_reason_of_a_trimmed_posting_says_so(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY])
    member_id = await mall.enrol()
    await earn(mall, member_id, 15_000)
    path = f"/v1/members/{member_id}/postings/1"
    said = (await mall.get(path, member_id)).json()
    assert (said["points"], said["reason"]["trimmed"]) == (100, 50)
    assert said["reason"]["limits"][0]["cap"] == "daily"
    assert "50 points did not count: cap daily" in said["sentences"]["en"]
    assert "上限daily" in said["sentences"]["zh-CN"]


async def test_the_same_receipt_again_hears_the_same_and_counts_once(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY])
    member_id = await mall.enrol()
    sale = mall.sale(15_000, member_id=member_id)
    first, again = await mall.push(sale), await mall.push(sale)
    assert again.json() == {**first.json(), "result": "duplicate"}
    assert await usages(mall, member_id) == {("earn:daily", "2026-03-10"): (100, 1)}


async def test_receipts_of_one_batch_share_the_room(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY])
    member_id = await mall.enrol()
    found = await mall.push_batch([mall.sale(4_000, member_id=member_id) for _ in range(4)])
    assert [item["points"] for item in found] == [40, 40, 20, 0]
    assert [item["trimmed"] for item in found] == [0, 0, 20, 40]


@pytest.mark.parametrize("with_locks", [False, True], ids=["plain", "locked"])
async def test_peer_medusa_13451_races_of_one_member_never_grant_more_than_the_cap(
    mall: Mall, twin: Mall, with_locks: bool
) -> None:
    """Both processes, both ways of recording: a refund in between makes a batch need locks."""
    await mall.set_policy(caps=[{**DAILY, "points": 1_000}], cooldown_seconds=0)
    member_id = await mall.enrol()
    anonymous = [await mall.sold(100) for _ in range(16)]

    async def push(number: int) -> int:
        door = (mall, twin)[number % 2]
        sale = mall.sale(5_000, member_id=member_id)
        extra = [mall.refund(anonymous[number])] if with_locks else []
        found = await door.push_batch([sale, *extra])
        return int(found[0]["points"])

    earned = await asyncio.gather(*(push(number) for number in range(16)))
    more = await asyncio.gather(*(earn(mall, member_id, 5_000) for _ in range(16)))
    granted = sum(earned) + sum(answer["points"] for answer in more)
    assert granted == 1_000 == await mall.balance(member_id)
    assert (await usages(mall, member_id))["earn:daily", "2026-03-10"] == (1_000, 20)


async def test_a_cap_that_begins_today_is_kept_by_a_process_that_did_not_know_it(
    mall: Mall, twin: Mall
) -> None:
    member_id = await mall.enrol()
    assert (await earn(twin, member_id, 1_000))["points"] == 10
    await mall.set_policy(caps=[DAILY])
    assert (await earn(mall, member_id, 9_000))["points"] == 90
    assert (await earn(twin, member_id, 9_000))["points"] == 10


async def test_a_refund_gives_no_room_back(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY])
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    await mall.push(mall.refund(sale))
    assert (await earn(mall, member_id, 10_000))["points"] == 0
    assert await mall.balance(member_id) == 0


async def test_a_refund_takes_back_its_share_of_what_was_granted(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY])
    member_id = await mall.enrol()
    sale = await mall.sold(20_000, member_id=member_id)
    answer = await mall.push(mall.refund(sale, (1, 10_000)))
    assert (answer.json()["points"], await mall.balance(member_id)) == (-50, 50)


async def test_a_late_receipt_and_a_late_claim_count_on_their_own_day(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY])
    member_id = await mall.enrol()
    yesterday = (mall.clock() - timedelta(days=1)).isoformat()
    unclaimed = mall.sale(9_000, purchased_at=yesterday)
    await mall.push(unclaimed)
    assert (await earn(mall, member_id, 8_000))["points"] == 80
    assert (await earn(mall, member_id, 8_000, purchased_at=yesterday))["points"] == 80
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    claim = {name: unclaimed[name] for name in names}
    path = f"/v1/members/{member_id}/receipt-claims"
    answer = await mall.client.post(path, json=claim, headers=mall.staff())
    assert (answer.status_code, answer.json()["points"]) == (200, 20)


async def test_receipts_that_waited_for_their_member_are_capped_too(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY])
    member_id = new_id()
    for _ in range(3):
        assert (await earn(mall, member_id, 4_000))["status"] == "waiting_member"
    await mall.hear(mall.enrolled(member_id, "612345678904"))
    assert await mall.balance(member_id) == 100


async def test_a_late_tier_is_rated_within_the_cap_and_gives_back_its_room(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY], tier_multipliers_milli={"gold": 2_000, "mini": 500})
    member_id = await mall.enrol()
    before = mall.clock() - timedelta(days=9)
    await earn(mall, member_id, 4_000)
    await earn(mall, member_id, 3_000)
    await mall.hear(mall.tier_changed(member_id, 1, (before, "gold")))
    assert await mall.balance(member_id) == 100
    assert (await usages(mall, member_id))["earn:daily", "2026-03-10"] == (100, 2)
    await mall.hear(mall.tier_changed(member_id, 2, (before, "mini")))
    assert await mall.balance(member_id) == 20 + 15
    assert (await usages(mall, member_id))["earn:daily", "2026-03-10"] == (35, 2)
    books = await mall.rows(
        "SELECT earned, trimmed, notes FROM pos_transaction WHERE program_id = :p ORDER BY earned"
    )
    assert books == [(15, 0, None), (20, 0, None)]


async def test_within_the_cooldown_a_purchase_earns_nothing_also_after_a_new_tier(
    mall: Mall,
) -> None:
    await mall.set_policy(cooldown_seconds=600, tier_multipliers_milli={"gold": 2_000})
    member_id = await mall.enrol()
    assert (await earn(mall, member_id, 1_000))["points"] == 10
    mall.clock.advance(seconds=599)
    cooled = await earn(mall, member_id, 5_000)
    assert (cooled["points"], cooled["trimmed"]) == (0, 50)
    assert cooled["notes"][0]["code"] == "cooldown"
    late = (mall.clock() - timedelta(seconds=1_000)).isoformat()
    assert (await earn(mall, member_id, 1_000, purchased_at=late))["points"] == 0
    mall.clock.advance(seconds=1)
    assert (await earn(mall, member_id, 1_000))["points"] == 10
    before = mall.clock() - timedelta(days=9)
    await mall.hear(mall.tier_changed(member_id, 1, (before, "gold")))
    assert await mall.balance(member_id) == 40


async def test_below_the_minimum_the_till_hears_so(mall: Mall) -> None:
    await mall.set_policy(minimum_minor=5_000)
    member_id = await mall.enrol()
    answer = await earn(mall, member_id, 4_999)
    note = {"code": "below_minimum", "minimum_minor": 5_000, "eligible_minor": 4_999}
    assert (answer["points"], answer["trimmed"], answer["notes"]) == (0, 0, [note])


async def test_a_receipt_paid_with_points_earns_on_the_rest(mall: Mall) -> None:
    """Also without a policy: the built-in one leaves points out."""
    member_id = await mall.enrol()
    tenders = [{"kind": "points", "amount_minor": 5_000}, {"kind": "cash", "amount_minor": 9_500}]
    sale = mall.sale(14_500, member_id=member_id, tenders=tenders)
    assert (await mall.push(sale)).json()["points"] == 95
    refund = await mall.push(mall.refund(sale))
    assert refund.json()["points"] == -95


async def test_a_line_cannot_be_more_tax_than_amount(mall: Mall) -> None:
    sale = mall.sale(100)
    sale["lines"][0]["tax_minor"] = 101
    answer = await mall.push(sale)
    assert (answer.status_code, answer.json()["code"]) == (422, "tax_exceeds_line")


async def test_pending_points_are_in_the_balance_and_carry_their_day(mall: Mall) -> None:
    await mall.set_policy(
        pending={"mode": "days", "days": 7}, expiry={"kind": "rolling_days", "days": 90}
    )
    member_id = await mall.enrol()
    assert (await earn(mall, member_id, 1_000))["points"] == 10
    old = (mall.clock() - timedelta(days=8)).isoformat()
    old_day = {"purchased_at": old, "business_date": old[:10]}
    assert (await earn(mall, member_id, 1_000, **old_day))["points"] == 10
    lots = await mall.rows(
        "SELECT state, activates_at::text, expires_at::text FROM lot WHERE program_id = :p "
        "ORDER BY version"
    )
    assert lots == [
        ("pending", "2026-03-16 16:00:00+00", "2026-06-08 16:00:00+00"),
        ("active", None, "2026-05-31 16:00:00+00"),
    ]


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_a_till_whose_clock_went_wild_is_refused(mall: Mall, said: str) -> None:
    await mall.set_policy(caps=[DAILY], cooldown_seconds=60)
    answer = await mall.push(mall.sale(100, purchased_at=said))
    assert answer.status_code == 422


async def test_the_survivor_of_a_merge_has_used_what_both_had_used(mall: Mall) -> None:
    await mall.set_policy(caps=[DAILY], tier_multipliers_milli={"mini": 100})
    old, kept = await mall.enrol(), await mall.enrol()
    await earn(mall, old, 9_000)
    await earn(mall, kept, 1_000)
    await merged(mall, old, kept)
    before = mall.clock() - timedelta(days=9)
    await mall.hear(mall.tier_changed(kept, 1, (before, "mini")))
    day = ("earn:daily", "2026-03-10")
    # The old account's 90, and of the survivor's own 10 the 1 that a mini tier earns.
    assert (await usages(mall, kept))[day] == (91, 2)
    assert (await earn(mall, kept, 20_000))["points"] == 9
