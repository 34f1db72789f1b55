"""Points multiplier: the bonus on base points, before the tier's own factor."""

from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rules.campaigns import PointsMultiplier


def bonus_points(
    rule: PointsMultiplier, receipt: Receipt, tier: str | None, base_micro: int
) -> int:
    """floor(base_micro × (factor − 1000) / 1000 / 1,000,000), 0 if not due.

    `base_micro` is the sum of the lines in scope: rounded once, for the receipt. `tier` is the one
    held at the purchase.
    """
    if not is_due(rule, receipt, tier):
        return 0
    return base_micro * (rule.factor_thousandths - 1000) // 1_000_000_000


def is_due(rule: PointsMultiplier, receipt: Receipt, tier: str | None) -> bool:
    """Whether tier, weekday and hour fit. After midnight a night range is of the new weekday."""
    if rule.tiers and tier not in rule.tiers:
        return False
    if rule.weekdays and receipt.local_at.isoweekday() not in rule.weekdays:
        return False
    minute = receipt.local_at.hour * 60 + receipt.local_at.minute
    if rule.from_minute < rule.until_minute:
        return rule.from_minute <= minute < rule.until_minute
    return minute >= rule.from_minute or minute < rule.until_minute
