"""Tiers over HTTP."""

from typing import Any

import httpx
import pytest

from tests.membership.world import World

LADDER: dict[str, Any] = {
    "window_days": 365,
    "tiers": [
        {"code": "bronze", "name": "Bronze", "rank": 0, "threshold_minor": 0},
        {"code": "silver", "name": "Silver", "rank": 1, "threshold_minor": 10_000},
        {"code": "gold", "name": "Gold", "rank": 2, "threshold_minor": 20_000},
    ],
}


async def test_the_tiers_that_are_put_are_the_tiers_that_are_read(
    client: httpx.AsyncClient, world: World
) -> None:
    staff = world.staff("directory")
    same = (await client.put("/v1/tier-scheme", json=LADDER, headers=staff)).json()
    assert (same["version"], same["validity_days"]) == (1, 365)
    shorter = {**LADDER, "validity_days": 180}
    put = await client.put("/v1/tier-scheme", json=shorter, headers=staff)
    assert put.json()["version"] == 2
    assert (await client.get("/v1/tier-scheme", headers=staff)).json() == put.json()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tiers": LADDER["tiers"][:2]}, "tier_code_removed"),
        ({"tiers": LADDER["tiers"][1:]}, "tier_scheme_invalid"),
        ({"tiers": []}, "validation_failed"),
        ({"window_days": True}, "validation_failed"),
        ({"window_days": "365"}, "validation_failed"),
        ({"window_days": 365.0}, "validation_failed"),
        ({"window_days": 10**30}, "validation_failed"),
    ],
)
async def test_tiers_that_cannot_be_are_refused(
    client: httpx.AsyncClient, world: World, change: dict[str, Any], code: str
) -> None:
    body = {**LADDER, **change}
    answer = await client.put("/v1/tier-scheme", json=body, headers=world.staff("directory"))
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_staff_of_one_mall_do_not_rule_the_tiers(
    client: httpx.AsyncClient, world: World
) -> None:
    scoped = world.staff("directory", mall_ids=[world.mall_id])
    answer = await client.put("/v1/tier-scheme", json=LADDER, headers=scoped)
    assert (answer.status_code, answer.json()["code"]) == (403, "out_of_scope")
