"""Above a threshold two people must agree; and each adjustment keeps its own reason."""

import asyncio
from typing import Any
from uuid import UUID

import httpx

from tests.points.mall import Mall
from tests.points.members import ask
from tests.support.tokens import staff_headers

BIG: dict[str, Any] = {
    "points": 10_001,
    "reason_code": "system_error",
    "note": "Import left it out",
}


async def decide(mall: Mall, adjustment_id: str, how: str, who: str) -> httpx.Response:
    return await mall.client.post(
        f"/v1/adjustments/{adjustment_id}/{how}",
        json={"note": "Seen with the shop"},
        headers=staff_headers(mall.clock, mall.program_id, ["points.check"], subject=who),
    )


async def in_debt(mall: Mall, points: int) -> UUID:
    member_id = await mall.enrol()
    sale = await mall.sold(points * 100, member_id=member_id)
    await mall.adjust(member_id, -points, "spent")
    await mall.push(mall.refund(sale))
    assert await mall.balance(member_id) == -points
    return member_id


async def test_what_is_above_the_threshold_moves_when_somebody_else_approves(mall: Mall) -> None:
    member_id = await mall.enrol()
    asked = await ask(mall, member_id, **BIG)
    assert (asked.status_code, asked.json()["status"]) == (202, "awaits_check")
    assert await mall.balance(member_id) == 0
    waiting = await mall.get("/v1/adjustments", status="awaits_check")
    assert [a["member_id"] for a in waiting.json()["adjustments"]] == [str(member_id)]
    adjustment_id = asked.json()["adjustment_id"]
    own = await decide(mall, adjustment_id, "approval", "staff-1")
    assert (own.status_code, own.json()["code"]) == (403, "checked_by_maker")
    done = await decide(mall, adjustment_id, "approval", "staff-2")
    assert (done.status_code, done.json()["balance"]) == (200, 10_001)
    assert (done.json()["made_by"], done.json()["checked_by"]) == ("staff-1", "staff-2")
    assert (await decide(mall, adjustment_id, "approval", "staff-2")).json() == done.json()
    reason = (await mall.get(f"/v1/members/{member_id}/postings/1")).json()["reason"]
    assert (reason["made_by"], reason["checked_by"]) == ("staff-1", "staff-2")
    assert (await ask(mall, member_id, **BIG)).json() == done.json()
    assert await mall.balance(member_id) == 10_001


async def test_what_was_rejected_never_moves(mall: Mall) -> None:
    member_id = await mall.enrol()
    adjustment_id = (await ask(mall, member_id, **BIG)).json()["adjustment_id"]
    done = await decide(mall, adjustment_id, "rejection", "staff-2")
    assert (done.json()["status"], done.json()["check_note"]) == ("rejected", "Seen with the shop")
    late = await decide(mall, adjustment_id, "approval", "staff-3")
    assert (late.status_code, late.json()["code"]) == (409, "adjustment_closed")
    assert await mall.balance(member_id) == 0


async def test_what_cannot_be_posted_any_more_still_waits(mall: Mall) -> None:
    member_id = await mall.enrol()
    for n in range(2):
        await mall.adjust(member_id, 10_000, f"give {n}")
        mall.clock.advance(days=1)
    body = {**BIG, "points": -15_000}
    adjustment_id = (await ask(mall, member_id, **body)).json()["adjustment_id"]
    await mall.adjust(member_id, -10_000, "spent")
    short = await decide(mall, adjustment_id, "approval", "staff-2")
    assert (short.status_code, short.json()["shortfall"]) == (422, 5_000)
    mall.clock.advance(days=1)
    await mall.adjust(member_id, 5_000, "back")
    assert (await decide(mall, adjustment_id, "approval", "staff-2")).status_code == 200
    assert await mall.balance(member_id) == 0


async def test_32_checkers_at_once_post_once(mall: Mall, twin: Mall) -> None:
    member_id = await mall.enrol()
    adjustment_id = (await ask(mall, member_id, **BIG)).json()["adjustment_id"]
    answers = await asyncio.gather(
        *(
            decide(door, adjustment_id, "approval", f"checker-{n}")
            for n, door in enumerate([mall, twin] * 16)
        )
    )
    assert sorted(a.status_code for a in answers) == [200] + [409] * 31
    assert await mall.balance(member_id) == 10_001


async def test_r_9_a_thousand_adjustments_keep_a_thousand_reasons(mall: Mall, twin: Mall) -> None:
    members = [await mall.enrol() for _ in range(8)]
    limit = asyncio.Semaphore(32)

    async def adjust(n: int) -> int:
        async with limit:
            why = {"reason_code": f"reason-{n % 7}", "note": f"Letter {n}"}
            door = twin if n % 2 else mall
            return (await ask(door, members[n % 8], f"k{n}", points=1, **why)).status_code

    assert set(await asyncio.gather(*map(adjust, range(1_000)))) == {201}
    notes, before = [], None
    while True:
        query: dict[str, Any] = {} if before is None else {"before": before}
        page = (await mall.get("/v1/adjustments", limit=200, **query)).json()
        notes += [(a["note"], a["reason_code"]) for a in page["adjustments"]]
        if (before := page["next_before"]) is None:
            break
    assert len(notes) == 1_000
    assert set(notes) == {(f"Letter {n}", f"reason-{n % 7}") for n in range(1_000)}
    reasons = await mall.rows(
        "SELECT DISTINCT reason ->> 'note', reason ->> 'reason_code' FROM posting "
        "WHERE program_id = :p"
    )
    assert set(reasons) == set(notes)


async def test_a_debt_is_written_off_by_staff_and_never_more_than_it(mall: Mall) -> None:
    member_id = await in_debt(mall, 100)
    why = {"reason_code": "small_debt", "note": "Not worth a letter"}
    some = await ask(mall, member_id, "a", "debt-write-offs", points=30, **why)
    assert (some.status_code, some.json()["kind"], some.json()["balance"]) == (
        201,
        "write_off",
        -70,
    )
    more = await ask(mall, member_id, "b", "debt-write-offs", points=71, **why)
    assert (more.status_code, more.json()["owed"]) == (422, 70)
    rest = await ask(mall, member_id, "c", "debt-write-offs", **why)
    assert (rest.json()["points"], rest.json()["balance"]) == (70, 0)
    none = await ask(mall, member_id, "d", "debt-write-offs", **why)
    assert (none.status_code, none.json()["code"]) == (422, "more_than_owed")
    explained = await mall.get(f"/v1/members/{member_id}/postings/{rest.json()['version']}")
    assert explained.json()["sentences"]["en"] == (
        "A debt of 70 points was written off by staff, reason small_debt."
    )
    assert await mall.rows("SELECT 1 FROM lot WHERE program_id = :p AND remaining > 0") == []


async def test_a_debt_that_was_repaid_while_its_write_off_waited_is_not_written_off(
    mall: Mall,
) -> None:
    rules = {"points_unchecked_max": 10, "reason_codes": []}
    await mall.client.put("/v1/adjustment-rules", json=rules, headers=mall.staff())
    member_id = await mall.enrol()
    sale = await mall.sold(2_000, member_id=member_id)
    for key in ("a", "b"):
        await mall.adjust(member_id, -10, key)
        mall.clock.advance(days=1)
    await mall.push(mall.refund(sale))
    asked = await ask(mall, member_id, "c", "debt-write-offs", reason_code="small_debt", note="x")
    assert (asked.status_code, asked.json()["points"]) == (202, 20)
    await mall.sold(500, member_id=member_id)
    late = await decide(mall, asked.json()["adjustment_id"], "approval", "staff-2")
    assert (late.status_code, late.json()["owed"]) == (422, 15)
