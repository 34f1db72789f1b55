"""Versions of how points pay: one after the other, each programme its own."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from tests.points.mall import Mall
from tests.points.spending import set_redemption_policy


async def test_versions_follow_each_other_and_are_read_as_they_were_stated(mall: Mall) -> None:
    other = await mall.another()
    stated = {"minimum_points": 300, "tiers": {"gold": {"step_points": 5, "step_minor": 9}}}
    first = await set_redemption_policy(mall, **stated)
    later = (mall.clock() + timedelta(days=1)).isoformat()
    second = await set_redemption_policy(mall, effective_from=later, return_grace_days=30)
    assert (first.json()["version"], second.json()["version"]) == (1, 2)
    read = (await mall.get("/v1/redemption-policies")).json()
    for found, stated_once in zip(read, (first.json(), second.json()), strict=True):
        same_instant = {"effective_from": found["effective_from"]}
        assert found == {**stated_once, **same_instant}
    assert first.json()["tiers"]["gold"]["share_percent_max"] == 100
    assert (await other.get("/v1/redemption-policies")).json() == []


async def test_of_two_who_state_the_same_version_at_once_one_does(mall: Mall, twin: Mall) -> None:
    for _ in range(8):
        here = await mall.another()
        there = replace(here, client=twin.client, engine=twin.engine)
        answers = await asyncio.gather(*(set_redemption_policy(door) for door in (here, there)))
        assert sorted(answer.status_code for answer in answers) in ([201, 422], [201, 503])
        assert len((await here.get("/v1/redemption-policies")).json()) == 1


async def test_only_staff_with_the_role_state_policies(mall: Mall) -> None:
    answer = await mall.client.get("/v1/redemption-policies", headers=mall.staff("desk"))
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
