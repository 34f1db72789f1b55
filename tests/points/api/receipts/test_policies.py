"""Policies over HTTP."""

from typing import Any

import pytest

from tests.points.mall import Mall


async def test_all_versions_are_read_with_the_built_in_one(mall: Mall) -> None:
    shops = {str(mall.shop_id): {"points": 3, "per_minor": 100, "step_minor": 1}}
    made = (await mall.set_policy(shops=shops, tier_multipliers_milli={"gold": 1_500})).json()
    policies = (await mall.get("/v1/earning-policies")).json()
    assert [policy["version"] for policy in policies] == [0, 1]
    assert policies[1] == made
    assert made["shops"] == shops


@pytest.mark.parametrize(
    "changes",
    [
        {"programme": {"points": 1.0, "per_minor": 100}},
        {"programme": {"points": -1, "per_minor": 100}},
        {"programme": {"points": 1, "per_minor": 0}},
        {"programme": {"points": 10, "per_minor": 1}},
        {"tier_multipliers_milli": {"gold": 1.5}},
        {"tier_multipliers_milli": {"Gold 😀": 1_500}},
        {"rounding": "up"},
        {"expires_months": True},
        {"effective_from": "2026-01-01T00:00:00"},
        {"effective_from": "0001-01-01T00:00:00+14:00"},
        {"effective_from": "9999-12-31T23:59:59-14:00"},
        {"surprise": 1},
    ],
    ids=str,
)
async def test_a_policy_that_makes_no_sense_is_refused(mall: Mall, changes: dict[str, Any]) -> None:
    answer = await mall.set_policy(**changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert len((await mall.get("/v1/earning-policies")).json()) == 1


async def test_only_staff_with_the_role_see_and_add_policies(mall: Mall) -> None:
    reader, headers = mall.staff("points.read"), mall.staff("points.cases")
    assert (await mall.client.get("/v1/earning-policies", headers=reader)).status_code == 200
    assert (await mall.client.get("/v1/earning-policies", headers=headers)).status_code == 403
    body = {
        "effective_from": mall.clock().isoformat(),
        "programme": {"points": 1, "per_minor": 100},
    }
    answer = await mall.client.post("/v1/earning-policies", json=body, headers=reader)
    assert answer.status_code == 403
