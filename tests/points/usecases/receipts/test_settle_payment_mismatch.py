"""Somebody sees to a receipt that differs from what points paid of it: once, and says so."""

from tests.points.mall import Mall
from tests.points.mismatches import SEEN, differing, listed_ids, settle
from tests.points.spending import at_once
from tests.support.tokens import staff_headers


async def test_what_is_settled_says_by_whom_and_leaves_the_list_of_the_open(mall: Mall) -> None:
    one, two = await differing(mall), await differing(mall)
    mall.clock.advance(hours=1)
    done = await settle(mall, one)
    assert done.status_code == 200, done.text
    said = [done.json()[name] for name in ("status", "settled_by", "settled_at", "note")]
    assert said == ["settled", "staff-1", "2026-03-10T13:00:00Z", SEEN["note"]]
    assert await listed_ids(mall, status="open") == [two]
    assert await listed_ids(mall, status="settled") == [one]
    assert set(await listed_ids(mall)) == {one, two}
    # Who comes second gets what stands, by whoever asks.
    mall.clock.advance(hours=1)
    other = staff_headers(mall.clock, mall.program_id, subject="b")
    assert (await settle(mall, one, **other)).json() == done.json()
    await settle(mall, two)
    assert await listed_ids(mall, status="open") == []


async def test_of_many_who_settle_at_once_one_does(mall: Mall, twin: Mall) -> None:
    one = await differing(mall)
    asked = [
        settle(door, one, **staff_headers(mall.clock, mall.program_id, subject=f"s{n}"))
        for n, door in enumerate([mall, twin] * 8)
    ]
    answers = await at_once(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["settled_by"] for answer in answers}) == 1
