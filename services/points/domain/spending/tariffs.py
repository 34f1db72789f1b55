"""What points are worth at a till: the policy in force, and what may pay of a receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.points.domain.spending.errors import (
    RedemptionAboveShare,
    RedemptionBelowMinimum,
    RedemptionNotInSteps,
)


class Tariff(NamedTuple):
    """`step_points` pay `step_minor`, in whole steps, `minimum_points` at least; points pay at
    most `share_percent_max` of a receipt."""

    step_points: int
    step_minor: int
    minimum_points: int
    share_percent_max: int


@dataclass(frozen=True, slots=True)
class RedemptionPolicy:
    """A version of the rules. `mall_ids` and `shop_ids`: where points pay; None for everywhere.

    `return_grace_days`: points that come back after their end are good for so long; 0 for not.
    """

    version: int
    effective_from: datetime
    tariff: Tariff
    tiers: Mapping[str, Tariff] = field(default_factory=dict)
    mall_ids: frozenset[UUID] | None = None
    shop_ids: frozenset[UUID] | None = None
    return_grace_days: int = 0

    def tariff_of(self, tier: str | None) -> Tariff:
        """The tier's own, or that of everybody."""
        return self.tiers.get(tier or "", self.tariff)

    def is_offered(self, mall_id: UUID, shop_id: UUID) -> bool:
        """Whether points pay in this shop: it is named, its mall is, or nobody is."""
        if self.mall_ids is None and self.shop_ids is None:
            return True
        return mall_id in (self.mall_ids or ()) or shop_id in (self.shop_ids or ())


class Payment(NamedTuple):
    """A receipt to be paid, and what points have paid of it already; in minor units."""

    total_minor: int
    paid_minor: int

    def left_minor(self, tariff: Tariff) -> int:
        """What points may still pay."""
        return max(0, self.total_minor * tariff.share_percent_max // 100 - self.paid_minor)


def most_points(tariff: Tariff, payment: Payment, available: int) -> int:
    """The most points that may pay, in whole steps; 0 when they do not reach the minimum."""
    steps = min(payment.left_minor(tariff) // tariff.step_minor, available // tariff.step_points)
    points = steps * tariff.step_points
    return points if points >= tariff.minimum_points else 0


def amount_of(tariff: Tariff, payment: Payment, points: int) -> int:
    """What the points pay, in minor units. Raises why they may not."""
    if points < tariff.minimum_points:
        raise RedemptionBelowMinimum(
            f"At least {tariff.minimum_points} points pay.", minimum_points=tariff.minimum_points
        )
    if points % tariff.step_points:
        raise RedemptionNotInSteps(
            f"Points pay in steps of {tariff.step_points}.", step_points=tariff.step_points
        )
    amount_minor = points // tariff.step_points * tariff.step_minor
    left_minor = payment.left_minor(tariff)
    if amount_minor > left_minor:
        raise RedemptionAboveShare(
            f"Points may pay {left_minor} more of this receipt.",
            left_minor=left_minor,
            share_percent_max=tariff.share_percent_max,
        )
    return amount_minor


def policy_in_force(
    policies: Sequence[RedemptionPolicy], instant: datetime
) -> RedemptionPolicy | None:
    """The latest that has begun; None before the first."""
    begun = [policy for policy in policies if policy.effective_from <= instant]
    return begun[-1] if begun else None
