"""What pending points wait for may be told before they come: then they are good at once, whatever
way they come, and whoever is first."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.points.domain.receipts.receipts import ReceiptKey, transaction_id_of
from tests.points.mall import Mall
from tests.points.members import merged
from tests.support.tokens import service_headers

FOR_DELIVERY = {"mode": "event", "event": "delivered"}
NUMBER = "612345678912"


@pytest.fixture
async def waiting(mall: Mall) -> Mall:
    """A mall whose points wait for a delivery."""
    answer = await mall.set_policy(pending=FOR_DELIVERY, tier_multipliers_milli={"gold": 2_000})
    assert answer.status_code == 201, answer.text
    return mall


async def delivered(mall: Mall, member_id: UUID, key: str = "k", **told: Any) -> httpx.Response:
    headers = service_headers(mall.clock, mall.program_id, ["points.activities"])
    answer = await mall.client.post(
        f"/v1/members/{member_id}/activation-events",
        json={"event": "delivered", **told},
        headers={**headers, "Idempotency-Key": key},
    )
    assert answer.status_code == 200, answer.text
    return answer


def id_of(mall: Mall, sale: dict[str, Any]) -> str:
    """The id that the receipt will have."""
    day = mall.clock().date().fromisoformat(sale["business_date"])
    key = ReceiptKey(mall.shop_id, sale["till_id"], sale["receipt_number"], day)
    return str(transaction_id_of(mall.program_id, key))


async def good_and_pending(mall: Mall, member_id: UUID) -> tuple[int, int]:
    """Points that are good, and points that wait."""
    found = (await mall.get(f"/v1/members/{member_id}/points", member_id)).json()
    return found["balance"] - found["pending"], found["pending"]


async def test_what_was_told_of_a_receipt_makes_its_points_good_when_it_comes(
    waiting: Mall,
) -> None:
    mall, member_id = waiting, await waiting.enrol()
    sale, other = (mall.sale(1_000, member_id=member_id) for _ in range(2))
    answer = await delivered(mall, member_id, source_id=id_of(mall, sale))
    assert (answer.json()["points"], answer.json()["lots"]) == (0, [])
    told_at = mall.clock()
    mall.clock.advance(minutes=5)
    assert (await mall.push(sale)).json()["points"] == 10
    assert await good_and_pending(mall, member_id) == (10, 0)
    await mall.push(other)
    assert await good_and_pending(mall, member_id) == (10, 10)
    said = (await mall.get(f"/v1/members/{member_id}/postings/1", member_id)).json()["reason"]
    assert (said["awaits"], said["told_at"]) == ("delivered", told_at.isoformat())


async def test_what_was_told_of_a_member_is_about_what_they_had_bought_by_then(
    waiting: Mall,
) -> None:
    mall, member_id = waiting, await waiting.enrol()
    late = mall.sale(1_000, member_id=member_id)
    mall.clock.advance(minutes=5)
    await delivered(mall, member_id)
    mall.clock.advance(minutes=5)
    quoted = await _quoted(mall, member_id, late["purchased_at"])
    await mall.push(late)
    assert await good_and_pending(mall, member_id) == (10, 0)
    assert quoted is False
    assert await _quoted(mall, member_id, mall.clock().isoformat()) is True
    await mall.sold(2_000, member_id=member_id)
    assert await good_and_pending(mall, member_id) == (10, 20)
    await delivered(mall, member_id, "again")
    assert await good_and_pending(mall, member_id) == (30, 0)


async def _quoted(mall: Mall, member_id: UUID, purchased_at: str) -> bool:
    sale = mall.sale(1_000, member_id=member_id)
    basket = {name: sale[name] for name in ("shop_id", "currency", "lines", "member_id")}
    basket["purchased_at"] = purchased_at
    answer = await mall.client.post("/v1/quotes", json=basket, headers=mall.staff())
    return bool(answer.json()["is_pending"])


async def test_a_receipt_that_comes_together_with_its_refund_hears_it(waiting: Mall) -> None:
    mall, member_id = waiting, await waiting.enrol()
    sale = mall.sale(1_000, member_id=member_id)
    await delivered(mall, member_id, source_id=id_of(mall, sale))
    await mall.push_batch([sale, mall.refund(sale, (1, 400))])
    assert await good_and_pending(mall, member_id) == (6, 0)


async def test_a_receipt_that_is_claimed_later_hears_it(waiting: Mall) -> None:
    mall, member_id = waiting, await waiting.enrol()
    sale = mall.sale(1_000)
    await delivered(mall, member_id, source_id=id_of(mall, sale))
    await mall.push(sale)
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    claim = {name: sale[name] for name in names}
    await mall.post(f"/v1/members/{member_id}/receipt-claims", claim)
    assert await good_and_pending(mall, member_id) == (10, 0)


async def test_a_receipt_that_waited_for_its_member_hears_it(waiting: Mall) -> None:
    mall, member_id = waiting, await waiting.enrol()
    sale = mall.sale(1_000, member_number=NUMBER)
    assert (await mall.push(sale)).json()["status"] == "waiting_member"
    await delivered(mall, member_id, source_id=id_of(mall, sale))
    await mall.hear(mall.enrolled(member_id, NUMBER))
    assert await good_and_pending(mall, member_id) == (10, 0)


async def test_a_receipt_that_is_looked_at_first_hears_it(waiting: Mall) -> None:
    mall, member_id = waiting, await waiting.enrol()
    rules = {"velocities": [{"per": "member", "window_seconds": 60, "receipts_max": 1}]}
    await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    await mall.sold(0, member_id=member_id)
    sale = mall.sale(1_000, member_id=member_id)
    await delivered(mall, member_id, source_id=id_of(mall, sale))
    assert (await mall.push(sale)).json()["status"] == "in_review"
    [case] = (await mall.get("/v1/cases")).json()["cases"]
    await mall.post(f"/v1/cases/{case['case_id']}/approval", {"note": "Seen"})
    assert await good_and_pending(mall, member_id) == (10, 0)


@pytest.mark.parametrize("named", ["merged", "survivor"])
async def test_what_was_told_of_a_member_goes_along_in_a_merge(waiting: Mall, named: str) -> None:
    mall, member_id, kept = waiting, await waiting.enrol(), await waiting.enrol()
    of_receipt = mall.sale(1_000, member_id=member_id if named == "merged" else kept)
    of_member = mall.sale(2_000, member_id=member_id if named == "merged" else kept)
    await delivered(mall, member_id, source_id=id_of(mall, of_receipt))
    mall.clock.advance(minutes=1)
    await delivered(mall, member_id, "all")
    await merged(mall, member_id, kept)
    for sale in (of_receipt, of_member):
        assert (await mall.push(sale)).status_code == 201
    assert await good_and_pending(mall, kept) == (30, 0)


async def test_what_a_better_tier_adds_to_a_delivered_receipt_is_good(waiting: Mall) -> None:
    mall, member_id = waiting, await waiting.enrol()
    sale = await mall.sold(1_000, member_id=member_id)
    await delivered(mall, member_id, source_id=id_of(mall, sale))
    since = mall.clock() - timedelta(days=300)
    await mall.hear(mall.tier_changed(member_id, 1, (since, "gold")))
    assert await good_and_pending(mall, member_id) == (20, 0)


async def test_an_activity_whose_event_came_first_is_good_at_once(mall: Mall) -> None:
    since = (mall.clock() - timedelta(days=500)).isoformat()
    rule = {"kind": "survey", "effective_from": since, "points": 5, "pending": FOR_DELIVERY}
    assert (await mall.post("/v1/activity-rules", rule)).status_code == 201
    member_id, headers = await mall.enrol(), mall.staff()
    body = {"member_id": str(member_id), "kind": "survey"}
    at = mall.clock().isoformat()
    mall.clock.advance(minutes=1)
    await delivered(mall, member_id)
    mall.clock.advance(minutes=1)
    for name, happened_at, is_pending in (("a", at, False), ("b", mall.clock().isoformat(), True)):
        told = {**body, "external_id": name, "happened_at": happened_at}
        answer = await mall.client.post("/v1/activities", json=told, headers=headers)
        assert (answer.status_code, answer.json()["is_pending"]) == (201, is_pending)
    assert await good_and_pending(mall, member_id) == (5, 5)


async def test_an_event_and_its_receipt_at_once_always_meet(waiting: Mall, twin: Mall) -> None:
    mall, members = waiting, [await waiting.enrol() for _ in range(3)]
    sales = [mall.sale(1_000, member_id=members[n % 3]) for n in range(36)]
    told = [
        delivered(twin, members[n % 3], f"k{n}", source_id=id_of(mall, sale))
        for n, sale in enumerate(sales)
    ]
    pushed = [door.push(sale) for door, sale in zip([mall, twin] * 18, sales, strict=True)]
    both = [step for pair in zip(told, pushed, strict=True) for step in pair]
    assert {answer.status_code for answer in await asyncio.gather(*both)} == {200, 201}
    assert [await good_and_pending(mall, member_id) for member_id in members] == [(120, 0)] * 3
