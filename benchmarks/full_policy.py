"""The earning policy that receipts are measured under: every rule that a policy can state.

Rates at five levels, a multiplier rule, tax and tenders taken out, a minimum, caps per receipt, day
and month (high enough to trim nobody, or fewer points would be posted), points that wait a week.
"""

import json
from typing import Any
from uuid import UUID

from benchmarks.engines import run_sql
from benchmarks.town import CATEGORIES, Town
from services.points.api.receipts.policy_models import PolicyIn
from services.points.domain.receipts.caps import Cap, CapPeriod, Exceeded

CAPS = (
    Cap("receipt", CapPeriod.RECEIPT, 100_000, Exceeded.REJECT),
    Cap("daily", CapPeriod.DAY, 10_000_000, Exceeded.TRIM),
    Cap("monthly", CapPeriod.MONTH, 100_000_000, Exceeded.TRIM),
)


def state_policy(url: str, town: Town) -> None:
    """Put it into a database of points, in force since long ago."""
    spec = json.dumps(_spec(town.mall_id, town.shop_ids))
    run_sql(
        url,
        "INSERT INTO earning_policy (program_id, version, effective_from, spec, recorded_at, "
        f"recorded_by) VALUES ('{town.program_id}', 1, '2020-01-01', '{spec}', now(), 'benchmark')",
    )


def _spec(mall_id: UUID, shop_ids: list[UUID]) -> dict[str, Any]:
    rate = {"points": 1, "per_minor": 100}
    policy = PolicyIn.model_validate(
        {
            "effective_from": "2020-01-01T00:00:00+00:00",
            "programme": rate,
            "malls": {mall_id: {"points": 1, "per_minor": 90}},
            "categories": {code: {"points": 2, "per_minor": 150} for code in CATEGORIES[:5]},
            "brands": {"house": rate},
            "shops": {shop_id: {"points": 3, "per_minor": 200} for shop_id in shop_ids[:5]},
            "rules": [{"code": "toys", "multiplier_milli": 2_000, "categories": ["toys"]}],
            "tier_multipliers_milli": {"basic": 1_100},
            "eligible": {
                "tax": "excluded",
                "delivery": "excluded",
                "excluded_tenders": ["points", "gift_card", "stored_value"],
                "excluded_categories": ["tobacco"],
            },
            "minimum_minor": 1_000,
            "caps": [
                {
                    "code": cap.code,
                    "period": cap.period,
                    "points": cap.points,
                    "when_exceeded": cap.when_exceeded,
                }
                for cap in CAPS
            ],
            "pending": {"mode": "days", "days": 7},
            "expires_months": 24,
        }
    )
    return policy.model_dump(mode="json", exclude={"effective_from"})
