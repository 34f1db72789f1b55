"""When a version decides, and how a stored spec becomes a rule."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.campaigns.domain.rules.campaigns import (
    PointsMultiplier,
    SpendAndGet,
    family_of,
    minute_of_day,
    rule_from_json,
)
from tests.campaigns.domain.samples import CAMPAIGN_ID, campaign, multiplier, spend_and_get

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "bounds",
    [
        {"starts_at": datetime(2026, 3, 11, tzinfo=UTC)},
        {"ends_at": NOON},
        {"in_force_from": datetime(2026, 3, 11, tzinfo=UTC)},
        {"in_force_until": NOON},
        {"ended_at": NOON},
    ],
)
def test_every_bound_ends_a_versions_say(bounds: dict[str, datetime]) -> None:
    assert campaign(spend_and_get()).decides(NOON)
    assert not replace(campaign(spend_and_get()), **bounds).decides(NOON)


def test_a_campaign_without_a_family_is_its_own() -> None:
    assert family_of(CAMPAIGN_ID, {}) == str(CAMPAIGN_ID)
    assert family_of(CAMPAIGN_ID, {"family": "spring"}) == "spring"


def test_a_stored_spec_becomes_a_rule() -> None:
    mall = "0199f3a2-c1d0-7b7e-8000-0000000000a1"
    scope = {"mall_ids": [mall], "shop_ids": [], "brands": ["acme"], "categories": []}
    rule = rule_from_json(
        {
            "kind": "points_multiplier",
            "scope": scope,
            "weekdays": [6],
            "from_time": "22:00",
            "until_time": "24:00",
            "tiers": [],
            "factor_thousandths": 1500,
        }
    )
    assert isinstance(rule, PointsMultiplier)
    assert rule.scope.malls == {UUID(mall)}
    assert (rule.from_minute, rule.until_minute) == (1320, 1440)
    spend = rule_from_json(
        {
            "kind": "spend_and_get",
            "scope": scope,
            "currency": "CNY",
            "basis": "day",
            "member_threshold_minor": 5,
            "non_member_threshold_minor": None,
            "limit_per_member": 2,
            "times_max": 1,
            "grant": "desk",
            "reward": {"kind": "points", "points": 7},
        }
    )
    assert isinstance(spend, SpendAndGet)
    assert (spend.reward.points, spend.reward.gift_sku) == (7, None)


def test_minutes_of_a_day() -> None:
    assert [minute_of_day(t) for t in ("00:00", "09:30", "24:00")] == [0, 570, 1440]
    assert multiplier().until_minute == 1440
