"""Twenty live campaigns as a busy mall has them, and their publication by the public API.

A receipt meets half a dozen of them and about one receipt in three gets something: one multiplier
is for everybody, others are for tiers that few hold; thresholds are such that few receipts and few
days reach them, and a member gets each gift of points once.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx

from shared.clock import utc_now
from shared.ids import new_id

NUMBER = 20


def campaign_specs(categories: Sequence[str], line_minor_max: int) -> list[dict[str, Any]]:
    """Twenty specs: five multipliers, five rules a receipt, ten rules a day.

    Thresholds are multiples of the dearest line that a receipt may have.
    """
    rules = [
        _multiplier(categories[0], 2_000, []),
        *(_multiplier(category, 1_500, ["gold", "diamond"]) for category in categories[:4]),
        *(_spend("receipt", category, line_minor_max * 6 // 5) for category in categories[:4]),
        _spend("receipt", None, line_minor_max * 12 // 5),
        *(_spend("day", category, line_minor_max * 2) for category in categories[:5]),
        *(_spend("day", None, line_minor_max * (5 + step)) for step in range(5)),
    ]
    assert len(rules) == NUMBER
    now = utc_now()
    return [
        {
            "name": {"zh": f"活动{number}", "en": f"Campaign {number}"},
            "starts_at": (now - timedelta(minutes=10)).isoformat(),
            "ends_at": (now + timedelta(days=30)).isoformat(),
            "rule": rule,
        }
        for number, rule in enumerate(rules, 1)
    ]


def _multiplier(category: str, factor_thousandths: int, tiers: list[str]) -> dict[str, Any]:
    return {
        "kind": "points_multiplier",
        "factor_thousandths": factor_thousandths,
        "scope": {"categories": [category]},
        "tiers": tiers,
    }


def _spend(basis: str, category: str | None, threshold_minor: int) -> dict[str, Any]:
    return {
        "kind": "spend_and_get",
        "basis": basis,
        "currency": "CNY",
        "scope": {"categories": [category] if category else []},
        "member_threshold_minor": threshold_minor,
        "limit_per_member": 1,
        "grant": "automatic",
        "reward": {"kind": "points", "points": 100},
    }


def publish_campaigns(
    campaigns_url: str, token: str, categories: Sequence[str], line_minor_max: int
) -> None:
    """Draft and publish them all, as staff would."""
    with httpx.Client(
        base_url=campaigns_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ) as client:
        for spec in campaign_specs(categories, line_minor_max):
            drafted = client.post(
                "/v1/campaigns", json=spec, headers={"Idempotency-Key": new_id().hex}
            )
            _check(drafted, 201)
            campaign_id = drafted.json()["campaign_id"]
            _check(client.post(f"/v1/campaigns/{campaign_id}/publish"), 200)


def _check(answer: httpx.Response, status: int) -> None:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text[:500]}")
