"""Policies are added, never changed."""

import asyncio
from datetime import timedelta

from tests.points.mall import Mall


async def test_a_policy_takes_effect_after_the_one_before_it(mall: Mall) -> None:
    first = await mall.set_policy()
    assert (first.status_code, first.json()["version"]) == (201, 1)
    answer = await mall.set_policy()
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_in_past")
    later = (mall.clock() + timedelta(days=1)).isoformat()
    assert (await mall.set_policy(effective_from=later)).json()["version"] == 2


async def test_a_policy_of_the_future_rates_nothing_yet(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.set_policy(
        effective_from=(mall.clock() + timedelta(days=1)).isoformat(),
        programme={"points": 5, "per_minor": 100},
    )
    assert (await mall.push(mall.sale(1_000, member_id=member_id))).json()["points"] == 10
    mall.clock.advance(days=1)
    assert (await mall.push(mall.sale(1_000, member_id=member_id))).json()["points"] == 50


async def test_two_who_add_a_policy_at_once_get_one_version_each_or_a_try_again(
    mall: Mall, twin: Mall
) -> None:
    days = [(mall.clock() + timedelta(days=n)).isoformat() for n in range(6)]
    answers = await asyncio.gather(
        *(
            door.set_policy(effective_from=day)
            for door, day in zip([mall, twin] * 3, days, strict=True)
        )
    )
    assert {a.status_code for a in answers} <= {201, 422, 503}
    added = sorted(a.json()["version"] for a in answers if a.status_code == 201)
    assert added == list(range(1, len(added) + 1))


async def test_rates_without_a_common_fraction_are_refused_and_stop_no_till(mall: Mall) -> None:
    primes = [n for n in range(900_000, 902_000) if all(n % d for d in range(2, 950))]
    brands = {f"b{n}": {"points": 1, "per_minor": n} for n in primes}
    refused = await mall.set_policy(brands=brands)
    assert (refused.status_code, refused.json()["code"]) == (422, "policy_too_fine")
    assert refused.json()["common_multiple_digits_max"] == 18
    fine = {f"b{n}": {"points": 1, "per_minor": n * 50} for n in range(1, 21)}
    assert (await mall.set_policy(brands=fine)).status_code == 201
    await mall.sold(1_000, member_id=await mall.enrol())
