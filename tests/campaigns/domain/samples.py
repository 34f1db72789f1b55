"""Rules and receipts to judge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.campaigns.domain.receipts.receipts import Line, Receipt
from services.campaigns.domain.rules.campaigns import (
    Campaign,
    PointsMultiplier,
    Reward,
    Rule,
    Scope,
    SpendAndGet,
)

CAMPAIGN_ID = UUID("0199f3a2-c1d0-7b7e-8000-0000000000c1")
MALL = UUID("0199f3a2-c1d0-7b7e-8000-0000000000a1")
SHOP = UUID("0199f3a2-c1d0-7b7e-8000-0000000000b1")
MEMBER = UUID("0199f3a2-c1d0-7b7e-8000-00000000000a")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def spend_and_get(**values: Any) -> SpendAndGet:
    """100.00 on a receipt give 10 points."""
    base = SpendAndGet(
        scope=Scope(),
        currency="CNY",
        basis="receipt",
        member_threshold_minor=10_000,
        other_threshold_minor=12_000,
        limit_per_member=None,
        times_max=1,
        reward=Reward("points", 10),
        grant="automatic",
    )
    return replace(base, **values)


def multiplier(**values: Any) -> PointsMultiplier:
    """Everything twice."""
    base = PointsMultiplier(Scope(), frozenset(), 0, 1440, frozenset(), 2000)
    return replace(base, **values)


def campaign(rule: Rule, number: int = 0xC1, **values: Any) -> Campaign:
    """A version over March 2026."""
    base = Campaign(
        campaign_id=UUID(int=(CAMPAIGN_ID.int >> 16 << 16) + number),
        version=1,
        name_zh="活动",
        name_en="Campaign",
        family="family",
        starts_at=datetime(2026, 3, 1, tzinfo=UTC),
        ends_at=datetime(2026, 4, 1, tzinfo=UTC),
        in_force_from=None,
        in_force_until=None,
        ended_at=None,
        rule=rule,
    )
    return replace(base, **values)


def receipt(*amounts: int, number: int = 1, hours: int = 0, **values: Any) -> Receipt:
    """A member's receipt at noon and `hours`; each line is worth a base point per 1.00."""
    at = NOON + timedelta(hours=hours)
    base = Receipt(
        receipt_id=UUID(int=number),
        member_id=MEMBER,
        mall_id=MALL,
        shop_id=SHOP,
        purchased_at=at,
        local_at=at,
        currency="CNY",
        lines=tuple(
            Line(i, "fashion", "acme", amount, amount * 10_000)
            for i, amount in enumerate(amounts, 1)
        ),
        local_day=at.date(),
    )
    made = base._replace(**values)
    return made._replace(local_day=made.local_at.date())
