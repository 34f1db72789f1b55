"""How many points a sale is worth: by the policy and the tier of its purchase time."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from math import lcm
from uuid import UUID

from services.points.domain.receipts import Line

_MILLI = 1_000
_MICRO = 1_000_000


class Rounding(StrEnum):
    """How a receipt's fraction of a point is rounded, once."""

    FLOOR = "floor"
    HALF_UP = "half_up"
    CEIL = "ceil"


@dataclass(frozen=True, slots=True)
class Rate:
    """`points` for every `per_minor` of money; 0 points excludes."""

    points: int
    per_minor: int


@dataclass(frozen=True)
class Policy:
    """A version of the programme's earning rules. The most specific rate wins: shop, category,
    programme. Tier multipliers are in thousandths (1500 is one and a half)."""

    version: int
    effective_from: datetime
    programme: Rate
    categories: dict[str, Rate] = field(default_factory=dict)
    shops: dict[UUID, Rate] = field(default_factory=dict)
    tier_multipliers_milli: dict[str, int] = field(default_factory=dict)
    rounding: Rounding = Rounding.FLOOR
    expires_months: int | None = None
    denominator: int = 1


Weight = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Rating:
    """What a sale is worth under a policy, kept with it for refunds and re-rating.

    A weight is (line number, amount in minor units, exact worth in `1/policy.denominator` points
    before the tier's multiplier).
    """

    policy: Policy
    weights: tuple[Weight, ...]

    @property
    def total_weight(self) -> int:
        """The receipt's exact worth, in `1/policy.denominator` points."""
        return sum(weight for _, _, weight in self.weights)

    def multiplier_milli(self, tier: str | None) -> int:
        """The tier's multiplier in thousandths."""
        return self.policy.tier_multipliers_milli.get(tier or "", _MILLI)

    def base_micro(self, weight: int) -> int:
        """A weight in millionths of a point, for events."""
        return weight * _MICRO // self.policy.denominator


def common_denominator(rates: list[Rate]) -> int:
    """The smallest number in which every rate's step divides: exact sums without fractions."""
    return lcm(*(rate.per_minor for rate in rates)) if rates else 1


def rate_lines(policy: Policy, shop_id: UUID, lines: tuple[Line, ...]) -> Rating:
    """Weigh each line by its rate."""
    denominator = policy.denominator
    shop_rate = policy.shops.get(shop_id)
    categories, programme = policy.categories, policy.programme
    weights = []
    for line in lines:
        rate = shop_rate or categories.get(line.category) or programme
        weight = line.amount_minor * rate.points * (denominator // rate.per_minor)
        weights.append((line.line_number, line.amount_minor, weight))
    return Rating(policy, tuple(weights))


def points_of(rating: Rating, tier: str | None) -> int:
    """The points of the receipt for a member of that tier, rounded once."""
    return round_points(
        rating.total_weight * rating.multiplier_milli(tier),
        rating.policy.denominator * _MILLI,
        rating.policy.rounding,
    )


def round_points(numerator: int, denominator: int, rounding: Rounding) -> int:
    """`numerator / denominator`, not negative, rounded as stated."""
    match rounding:
        case Rounding.FLOOR:
            return numerator // denominator
        case Rounding.HALF_UP:
            return (2 * numerator + denominator) // (2 * denominator)
        case Rounding.CEIL:
            return -(-numerator // denominator)


def policy_at(policies: tuple[Policy, ...], instant: datetime) -> Policy:
    """The policy in force: the latest whose `effective_from` is not after `instant`.

    Before the first one, the first one: a programme's oldest rules reach back.
    """
    found = policies[0]
    for policy in policies[1:]:
        if policy.effective_from <= instant:
            found = policy
    return found


@lru_cache(maxsize=256)
def default_policy(start: datetime) -> Policy:
    """One point for each full 1.00 of any currency: what a programme has before it states more."""
    rate = Rate(1, 100)
    return Policy(0, start, rate, denominator=common_denominator([rate]))
