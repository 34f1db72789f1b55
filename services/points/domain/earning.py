"""How many points a sale is worth: by the policy and the tier of its purchase time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.points.domain.caps import NO_LIMITS, Limits
from services.points.domain.earning_rates import (
    NOTHING,
    WHOLE_RECEIPT,
    Applied,
    Basis,
    Levels,
    Part,
    Place,
    Rate,
    apply_levels,
)
from services.points.domain.expiry import NEVER, ExpiryModel
from services.points.domain.pending import NOT_PENDING, PendingTerms
from services.points.domain.receipts import Line

_MILLI = 1_000
_MICRO = 1_000_000
_REMEMBERED_MAX = 50_000
BUILT_IN_ID = UUID("00000000-0000-8000-8000-000000000000")
# Tenders that are not new money, by kind and amount in minor units.
Tenders = Sequence[tuple[str, int]]


class Rounding(StrEnum):
    """How a fraction of a point is rounded, once."""

    FLOOR = "floor"
    HALF_UP = "half_up"
    CEIL = "ceil"


class RoundingLevel(StrEnum):
    """Where it is rounded: the whole receipt, each line, or what each rate gives."""

    RECEIPT = "receipt"
    LINE = "line"
    RULE = "rule"


class Clawback(StrEnum):
    """What a refund may take back: all (into debt), down to a balance of zero, or only what is
    there to be spent."""

    DEBT = "debt"
    CLAMP = "clamp"
    WITHIN_BALANCE = "within_balance"


@dataclass(frozen=True)
class Policy:
    """A version of the programme's earning rules. Tier multipliers are in thousandths (1500 is
    one and a half). `spec` is what staff stated."""

    version: int
    effective_from: datetime
    levels: Levels
    basis: Basis = WHOLE_RECEIPT
    tier_multipliers_milli: Mapping[str, int] = field(default_factory=dict)
    rounding: Rounding = Rounding.FLOOR
    rounding_level: RoundingLevel = RoundingLevel.RECEIPT
    minimum_minor: int = 0
    limits: Limits = NO_LIMITS
    pending: PendingTerms = NOT_PENDING
    expiry: ExpiryModel = NEVER
    clawback: Clawback = Clawback.DEBT
    policy_id: UUID = BUILT_IN_ID
    spec: Mapping[str, Any] = field(default_factory=dict, repr=False)
    denominator: int = field(init=False)
    is_rounded_once: bool = field(init=False)
    _remembered: dict[Any, Applied] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "denominator", self.levels.denominator())
        has_steps = any(rate.step_minor != 1 for rate in self.levels.rates())
        is_rounded_once = self.rounding_level is RoundingLevel.RECEIPT and not has_steps
        object.__setattr__(self, "is_rounded_once", is_rounded_once)

    def applied_to(self, place: Place, line: Line) -> Applied:
        """The rates for the line, remembered: receipts are much alike."""
        key = (place, line.category, line.brand, line.sku)
        found = self._remembered.get(key)
        if found is None:
            named = (line.category, line.brand, line.sku)
            if self.basis.excludes(*named):
                found = NOTHING
            else:
                found = apply_levels(self.levels, self.denominator, place, *named)
            if len(self._remembered) >= _REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[key] = found
        return found


Weight = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Rating:
    """What a sale is worth under a policy, kept with it for refunds and re-rating.

    A weight is (line number, amount in minor units, exact worth in `1/denominator` points before
    the tier's multiplier and before full steps). `rated` has for each line what of it is eligible,
    in `1/scale` minor units, and the rates that it earns by.
    """

    policy: Policy
    weights: tuple[Weight, ...]
    rated: tuple[tuple[int, Applied], ...]
    scale: int = 1
    is_below_minimum: bool = False

    @property
    def denominator(self) -> int:
        """What weights are counted in."""
        return self.policy.denominator * self.scale

    @property
    def total_weight(self) -> int:
        """The receipt's exact worth, in `1/denominator` points."""
        return sum(weight for _, _, weight in self.weights)

    @property
    def eligible_minor(self) -> int:
        """The eligible amount of the receipt in minor units, rounded down."""
        return sum(eligible for eligible, _ in self.rated) // self.scale

    def multiplier_milli(self, tier: str | None) -> int:
        """The tier's multiplier in thousandths."""
        return self.policy.tier_multipliers_milli.get(tier or "", _MILLI)

    def base_micro(self, weight: int) -> int:
        """A weight in millionths of a point, for events."""
        return weight * _MICRO // self.denominator

    def by_part(self) -> list[tuple[Part, int]]:
        """What of the receipt earns by each rate, in `1/scale` minor units."""
        alike: dict[Applied, int] = {}
        for eligible, applied in self.rated:
            alike[applied] = alike.get(applied, 0) + eligible
        parts: dict[str, tuple[Part, int]] = {}
        for applied, eligible in alike.items():
            for part in applied.parts:
                before = parts[part.text][1] if part.text in parts else 0
                parts[part.text] = part, before + eligible
        return list(parts.values())


def rate_lines(
    policy: Policy,
    shop_id: UUID,
    lines: Sequence[Line],
    mall_id: UUID | None = None,
    tenders: Tenders = (),
) -> Rating:
    """Weigh each line by its rates and by what of it is eligible.

    Tenders that the policy excludes are taken out of every line in proportion, exactly.
    """
    place = Place(shop_id, mall_id)
    basis = policy.basis
    excluded_minor = sum(amount for kind, amount in tenders if kind in basis.excluded_tenders)
    scale = paid = 1
    if excluded_minor:
        scale = sum(line.amount_minor for line in lines)
        paid = scale - excluded_minor
    weights, rated = [], []
    for line in lines:
        applied = policy.applied_to(place, line)
        eligible = 0 if applied is NOTHING else basis.amount_of(line) * paid
        weights.append((line.line_number, line.amount_minor, eligible * applied.unit))
        rated.append((eligible, applied))
    if policy.minimum_minor:
        total = sum(eligible for eligible, _ in rated)
        if total < policy.minimum_minor * scale:
            nothing = tuple((number, amount, 0) for number, amount, _ in weights)
            return Rating(policy, nothing, tuple(rated), scale, is_below_minimum=True)
    return Rating(policy, tuple(weights), tuple(rated), scale)


def points_of(rating: Rating, tier: str | None) -> int:
    """The points of the receipt for a member of that tier, rounded once at the stated level."""
    policy = rating.policy
    factor = rating.multiplier_milli(tier)
    if policy.is_rounded_once:
        return round_points(
            rating.total_weight * factor, rating.denominator * _MILLI, policy.rounding
        )
    if rating.is_below_minimum:
        return 0
    whole = rating.denominator * _MILLI
    return sum(
        round_points(worth * factor, whole, policy.rounding) for worth in _worths_by_level(rating)
    )


def _worths_by_level(rating: Rating) -> list[int]:
    """The exact worth of what is rounded alone, with full steps only."""
    if rating.policy.rounding_level is RoundingLevel.LINE:
        return [
            sum(part.cut(eligible, rating.scale) * part.unit for part in applied.parts)
            for eligible, applied in rating.rated
        ]
    worths = [part.cut(sum_, rating.scale) * part.unit for part, sum_ in rating.by_part()]
    return worths if rating.policy.rounding_level is RoundingLevel.RULE else [sum(worths)]


def round_points(numerator: int, denominator: int, rounding: Rounding) -> int:
    """`numerator / denominator`, not negative, rounded as stated."""
    match rounding:
        case Rounding.FLOOR:
            return numerator // denominator
        case Rounding.HALF_UP:
            return (2 * numerator + denominator) // (2 * denominator)
        case Rounding.CEIL:
            return -(-numerator // denominator)


def policy_at(policies: Sequence[Policy], instant: datetime) -> Policy:
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
    """One point for each full 1.00 of any currency: what a programme has before it states more.

    What is paid with points earns none.
    """
    basis = Basis(excluded_tenders=frozenset({"points"}))
    spec = {
        "programme": {"points": 1, "per_minor": 100},
        "eligible": {"excluded_tenders": ["points"]},
    }
    return Policy(0, start, Levels(Rate(1, 100)), basis, spec=spec)
