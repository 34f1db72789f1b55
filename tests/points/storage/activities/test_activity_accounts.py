"""Activities earn in the wallet that their rule names."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx

from shared.ids import new_id, new_member_number
from tests.points.mall import Mall
from tests.points.members import merge
from tests.points.wallets_at_hand import stars_of, state_stars


async def rule(mall: Mall, kind: str, points: int, **fields: Any) -> httpx.Response:
    since = (mall.clock() - timedelta(days=500)).isoformat()
    body = {"kind": kind, "effective_from": since, "points": points, "wallet": "stars", **fields}
    return await mall.post("/v1/activity-rules", body)


async def tell(
    mall: Mall, member_id: UUID, external_id: str, kind: str = "check_in", **fields: Any
) -> httpx.Response:
    body = {
        "member_id": str(member_id),
        "kind": kind,
        "external_id": external_id,
        "happened_at": mall.clock().isoformat(),
        **fields,
    }
    return await mall.post("/v1/activities", body)


async def again_if_met(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer, asked again when somebody else did the same thing right then."""
    while (answer := await ask()).status_code == 503:
        assert answer.json()["code"] == "collision"
    return answer


async def test_a_check_in_earns_stars_that_end_as_stars_do(mall: Mall) -> None:
    await state_stars(mall)
    assert (await rule(mall, "check_in", 3, day_max=2)).json()["wallet"] == "stars"
    member_id = await mall.enrol()
    first = await tell(mall, member_id, "a")
    assert first.status_code == 201, first.text
    said = first.json()
    assert (said["wallet"], said["points"], said["balance"]) == ("stars", 3, 3)
    assert said["expires_at"] == "2026-12-31T16:00:00Z"
    assert (await tell(mall, member_id, "a")).json() == said
    assert (await tell(mall, member_id, "b")).json()["balance"] == 6
    assert (await tell(mall, member_id, "c")).json()["code"] == "activity_limit_reached"
    assert (await stars_of(mall, member_id), await mall.balance(member_id)) == (6, 0)


async def test_a_rules_own_expiry_wins_over_the_wallets(mall: Mall) -> None:
    await state_stars(mall)
    await rule(mall, "check_in", 3, expiry={"kind": "months", "months": 1})
    member_id = await mall.enrol()
    assert (await tell(mall, member_id, "a")).json()["expires_at"] == "2026-04-10T16:00:00Z"


async def test_what_a_limited_wallet_has_no_room_for_is_trimmed_and_said(mall: Mall) -> None:
    await state_stars(mall, balance_max=5)
    await rule(mall, "check_in", 3)
    member_id = await mall.enrol()
    got = [(await tell(mall, member_id, name)).json()["points"] for name in "abc"]
    assert got == [3, 2, 0]
    assert await stars_of(mall, member_id) == 5
    reasons = await mall.rows(
        "SELECT reason ->> 'trimmed' FROM posting WHERE program_id = :p ORDER BY version"
    )
    assert reasons == [(None,), ("1",)]


async def test_a_referral_and_joining_earn_stars_too(mall: Mall) -> None:
    await state_stars(mall)
    await rule(mall, "referral", 10, referred_points=4)
    await rule(mall, "enrolled", 100)
    member_id, friend = new_id(), new_id()
    for one in (member_id, friend):
        joined = mall.enrolled(one, new_member_number())
        await mall.hear(joined, joined)
    made = await tell(mall, member_id, "a", "referral", referred_member_id=str(friend))
    assert (made.json()["points"], made.json()["referred_points"]) == (10, 4)
    assert (await stars_of(mall, member_id), await stars_of(mall, friend)) == (110, 104)


async def test_stars_of_a_merged_member_go_to_the_survivor_also_meanwhile(
    mall: Mall, twin: Mall
) -> None:
    await state_stars(mall)
    await rule(mall, "check_in", 3)
    old, kept = await mall.enrol(), await mall.enrol()
    told = [
        again_if_met(partial(tell, door, old, f"{n}")) for n, door in enumerate([mall, twin] * 8)
    ]
    both = again_if_met(partial(merge, mall, old, kept))
    answers = await asyncio.gather(*told[:8], both, *told[8:])
    assert {answer.status_code for answer in answers} == {201}
    assert await stars_of(mall, kept) == 48


async def test_a_wallet_that_nobody_stated_and_stars_that_wait_are_refused(mall: Mall) -> None:
    unknown = await rule(mall, "check_in", 3)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "wallet_unknown")
    await state_stars(mall)
    waits = await rule(mall, "check_in", 3, pending={"mode": "days", "days": 3})
    assert (waits.status_code, waits.json()["code"]) == (422, "validation_failed")
    await rule(mall, "check_in", 3)
    assert (await tell(mall, new_id(), "a")).json()["code"] == "member_unknown"
