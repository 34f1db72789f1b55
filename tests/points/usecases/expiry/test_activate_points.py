"""Pending points become good by hand or by an event, are shown with their dates, and are the first
that a refund takes."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from services.points.storage.request_keys import hash_request
from services.points.usecases.expiry.activate_due import activate_due
from services.points.usecases.expiry.activate_points import ActivationAsked
from shared.contracts.points import PointsActivated
from shared.db import transaction
from shared.ids import new_id
from tests.points.mall import Mall
from tests.support.tokens import service_headers

WHY = {"reason_code": "waived", "note": "Asked at the desk"}
WAITS_A_WEEK = {"mode": "days", "days": 7}
WAITS_FOR_DELIVERY = {"mode": "event", "event": "delivered"}


async def by_hand(mall: Mall, member_id: UUID, key: str = "k", **named: Any) -> httpx.Response:
    return await mall.post(f"/v1/members/{member_id}/activations", {**WHY, **named}, None, key)


async def happened(mall: Mall, member_id: UUID, key: str = "k", **told: Any) -> httpx.Response:
    headers = service_headers(mall.clock, mall.program_id, ["points.activities"])
    return await mall.client.post(
        f"/v1/members/{member_id}/activation-events",
        json={"event": "delivered", **told},
        headers={**headers, "Idempotency-Key": key},
    )


async def points(mall: Mall, member_id: UUID, **query: Any) -> dict[str, Any]:
    answer = await mall.get(f"/v1/members/{member_id}/points", member_id, **query)
    found: dict[str, Any] = answer.json()
    return found


async def sold(mall: Mall, member_id: UUID, minor: int) -> tuple[dict[str, Any], str]:
    """A sale and its id."""
    sale = mall.sale(minor, member_id=member_id)
    answer = await mall.push(sale)
    assert answer.status_code == 201, answer.text
    return sale, answer.json()["pos_transaction_id"]


async def test_the_balance_shows_what_is_pending_and_from_when_on_it_is_good(mall: Mall) -> None:
    await mall.set_policy(pending=WAITS_A_WEEK)
    member_id = await mall.enrol()
    await mall.adjust(member_id, 5, "good")
    await sold(mall, member_id, 10_000)
    mall.clock.advance(days=1)
    await sold(mall, member_id, 2_000)
    shown = await points(mall, member_id)
    assert (shown["balance"], shown["pending"]) == (125, 120)
    # The beginning of a day in Shanghai.
    assert [(a["activates_at"][:16], a["points"]) for a in shown["activations"]] == [
        ("2026-03-16T16:00", 100),
        ("2026-03-17T16:00", 20),
    ]
    spent = await mall.adjust(member_id, -6, "spend")
    assert (spent.status_code, spent.json()["available"]) == (422, 5)


def test_a_stored_request_is_the_same_request_after_an_upgrade() -> None:
    event = ActivationAsked(UUID(int=1), "service crm", "k", "delivered", source_id=UUID(int=2))
    by_hand = ActivationAsked(UUID(int=1), "staff 7", "k", None, 3, None, "goodwill", "it's late")
    assert [hash_request(asked.said).hex() for asked in (event, by_hand)] == [
        "613522c4b9483b0e6594ae2a0ff5e5c2",
        "95356fd03716a7362bc8a9e8775c960c",
    ]


async def test_staff_make_a_receipts_points_good_before_their_time_once(mall: Mall) -> None:
    await mall.set_policy(pending=WAITS_A_WEEK)
    member_id = await mall.enrol()
    _, source_id = await sold(mall, member_id, 10_000)
    await sold(mall, member_id, 2_000)
    first, again = [await by_hand(mall, member_id, source_id=source_id) for _ in range(2)]
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    assert (first.json()["points"], first.json()["pending"]) == (100, 20)
    other = await by_hand(mall, member_id, source_id=source_id, note="other")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    none = await by_hand(mall, member_id, "k2", source_id=source_id)
    assert (none.status_code, none.json()["code"]) == (404, "nothing_pending")
    assert (await mall.adjust(member_id, -100, "spend")).status_code == 201
    [told] = await mall.told(PointsActivated)
    assert (told.member_id, told.points, told.cause) == (member_id, 100, "staff")
    kept = await mall.rows("SELECT kind, reason ->> 'note' FROM lot_change WHERE program_id = :p")
    assert kept == [("activated", WHY["note"])]


async def test_a_lot_that_waits_for_staff_is_named_by_its_version(mall: Mall) -> None:
    await mall.set_policy(pending={"mode": "manual"})
    member_id = await mall.enrol()
    await sold(mall, member_id, 10_000)
    assert (await points(mall, member_id))["activations"] == [{"activates_at": None, "points": 100}]
    assert (await by_hand(mall, member_id, lot_version=9)).status_code == 404
    assert (await by_hand(mall, member_id, lot_version=1)).json()["pending"] == 0
    both = await by_hand(mall, member_id, "k2", lot_version=1, source_id=str(new_id()))
    assert both.status_code == 422


async def test_an_event_makes_good_what_waits_for_it_and_nothing_else(mall: Mall) -> None:
    await mall.set_policy(pending=WAITS_FOR_DELIVERY)
    member_id = await mall.enrol()
    _, first = await sold(mall, member_id, 10_000)
    await sold(mall, member_id, 2_000)
    other = await happened(mall, member_id, "a", event="reviewed")
    assert (other.status_code, other.json()["points"]) == (200, 0)
    one = await happened(mall, member_id, "b", source_id=first)
    assert (one.json()["points"], one.json()["pending"]) == (100, 20)
    rest = await happened(mall, member_id, "c")
    assert (rest.json()["points"], rest.json()["pending"]) == (20, 0)
    told = await mall.told(PointsActivated)
    assert [(e.cause, e.event, e.points) for e in told] == [
        ("event", "delivered", 100),
        ("event", "delivered", 20),
    ]


async def test_what_a_better_tier_added_goes_with_its_receipt(mall: Mall) -> None:
    await mall.set_policy(pending=WAITS_FOR_DELIVERY, tier_multipliers_milli={"gold": 2_000})
    member_id = await mall.enrol()
    _, source_id = await sold(mall, member_id, 10_000)
    since = mall.clock() - timedelta(days=300)
    await mall.hear(mall.tier_changed(member_id, 1, (since, "gold")))
    assert (await points(mall, member_id))["pending"] == 200
    answer = await by_hand(mall, member_id, source_id=source_id)
    assert (answer.json()["points"], answer.json()["pending"]) == (200, 0)


async def test_a_refund_takes_pending_points_first(mall: Mall) -> None:
    await mall.set_policy(pending=WAITS_A_WEEK)
    member_id = await mall.enrol()
    await mall.adjust(member_id, 50, "good")
    sale, _ = await sold(mall, member_id, 10_000)
    await sold(mall, member_id, 3_000)
    await mall.push(mall.refund(sale, (1, 4_000)))
    shown = await points(mall, member_id)
    assert (shown["balance"], shown["pending"]) == (140, 90)
    await mall.push(mall.refund(sale, (1, 6_000)))
    shown = await points(mall, member_id)
    assert (shown["balance"], shown["pending"]) == (80, 30)
    assert (await mall.adjust(member_id, -50, "spend")).status_code == 201


async def test_a_refund_after_the_points_were_spent_takes_other_pending_ones_before_debt(
    mall: Mall,
) -> None:
    await mall.set_policy(pending={"mode": "manual"})
    member_id = await mall.enrol()
    sale, source_id = await sold(mall, member_id, 10_000)
    await by_hand(mall, member_id, source_id=source_id)
    await mall.adjust(member_id, -100, "spend")
    await mall.adjust(member_id, 60, "good")
    await sold(mall, member_id, 7_000)
    await mall.push(mall.refund(sale))
    shown = await points(mall, member_id)
    assert (shown["balance"], shown["pending"]) == (30, 0)


async def test_what_the_clock_makes_good_is_told_once_an_account(mall: Mall) -> None:
    await mall.set_policy(pending=WAITS_A_WEEK)
    members = [await mall.enrol() for _ in range(2)]
    for member_id in members:
        await sold(mall, member_id, 1_000)
        await sold(mall, member_id, 2_000)
    mall.clock.advance(days=8)
    async with transaction(mall.engine) as session:
        assert await activate_due(session, mall.clock(), mall.program_id, 100) == 4
    told = await mall.told(PointsActivated)
    assert {(e.member_id, e.points, e.cause, len(e.lots)) for e in told} == {
        (member_id, 30, "clock", 2) for member_id in members
    }
    for member_id in members:
        assert (await points(mall, member_id))["pending"] == 0


async def test_a_past_balance_shows_what_was_pending_then(mall: Mall) -> None:
    await mall.set_policy(pending=WAITS_A_WEEK)
    member_id = await mall.enrol()
    sale, source_id = await sold(mall, member_id, 10_000)
    then = mall.clock()
    mall.clock.advance(days=1)
    await mall.push(mall.refund(sale, (1, 3_000)))
    mall.clock.advance(days=1)
    await by_hand(mall, member_id, source_id=source_id)
    now = await points(mall, member_id)
    assert (now["balance"], now["pending"]) == (70, 0)
    past = await points(mall, member_id, as_of=then.isoformat())
    assert (past["balance"], past["pending"]) == (100, 100)
    assert past["activations"][0]["activates_at"].startswith("2026-03-16T16:00")
    past = await points(mall, member_id, as_of=(then + timedelta(days=1)).isoformat())
    assert (past["balance"], past["pending"]) == (70, 70)


async def test_only_those_who_may_make_points_good(mall: Mall) -> None:
    member_id = await mall.enrol()
    headers = {**mall.staff("points.read"), "Idempotency-Key": "k"}
    for path, body in (
        ("activations", {**WHY, "lot_version": 1}),
        ("activation-events", {"event": "delivered"}),
    ):
        answer = await mall.client.post(
            f"/v1/members/{member_id}/{path}", json=body, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    unknown = await by_hand(mall, new_id(), lot_version=1)
    assert unknown.json()["code"] == "member_unknown"
