"""How many points a sale is worth: by the policy and the tier of its purchase time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.expiry.expiry import NEVER, ExpiryModel
from services.points.domain.expiry.pending import NOT_PENDING, PendingTerms
from services.points.domain.receipts.caps import NO_LIMITS, Limits
from services.points.domain.receipts.earning_rates import (
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
from services.points.domain.receipts.receipts import Line

_MILLI = 1_000
_MICRO = 1_000_000
_REMEMBERED_MAX = 5_000
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


Remembered = dict[tuple[str, str | None, str | None], Applied]


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
    told: tuple[str, str] = field(init=False, repr=False)
    _by_shop: dict[UUID, tuple[UUID | None, Remembered]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        has_steps = any(rate.step_minor != 1 for rate in self.levels.rates())
        known = {
            "denominator": self.levels.denominator(),
            "is_rounded_once": self.rounding_level is RoundingLevel.RECEIPT and not has_steps,
            # What every reason says of the policy, before and after what it says of the receipt.
            "told": (
                f'"policy_id":"{self.policy_id}","policy_version":{self.version}',
                f'"rounding":"{self.rounding}","rounding_level":"{self.rounding_level}"',
            ),
        }
        for name, value in known.items():
            object.__setattr__(self, name, value)

    def remembered(self, shop_id: UUID, mall_id: UUID | None) -> Remembered:
        """What lines of the shop were found to earn by: receipts are much alike."""
        known = self._by_shop.get(shop_id)
        if known is not None and known[0] == mall_id and len(known[1]) < _REMEMBERED_MAX:
            return known[1]
        if len(self._by_shop) >= _REMEMBERED_MAX:
            self._by_shop.clear()
        fresh: Remembered = {}
        self._by_shop[shop_id] = mall_id, fresh
        return fresh

    def applied_to(self, place: Place, line: Line) -> Applied:
        """The rates that the line earns by there."""
        named = (line.category, line.brand, line.sku)
        if self.basis.excludes(*named):
            return NOTHING
        return apply_levels(self.levels, self.denominator, place, *named)


Weight = tuple[int, int, int]


class Rating(NamedTuple):
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

    def cut_by_line(self) -> list[int]:
        """The exact worth of each line, with full steps only, in `1/denominator` points."""
        return [
            sum(part.cut(eligible, self.scale) * part.unit for part in applied.parts)
            for eligible, applied in self.rated
        ]

    def by_text(self) -> dict[str, int]:
        """What of the receipt earns by each rate, in `1/scale` minor units, by the rate's text."""
        sums: dict[str, int] = {}
        for eligible, applied in self.rated:
            for part in applied.parts:
                text = part.text
                sums[text] = sums.get(text, 0) + eligible
        return sums

    def by_part(self) -> list[tuple[Part, int]]:
        """The same with the rates themselves."""
        parts = {part.text: part for _, applied in self.rated for part in applied.parts}
        return [(parts[text], eligible) for text, eligible in self.by_text().items()]


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
    basis = policy.basis
    remembered = policy.remembered(shop_id, mall_id)
    paid, scale = _new_money(basis, lines, tenders) if tenders else (1, 1)
    counts_all = basis.counts_tax and basis.counts_delivery
    weights, rated = [], []
    for line in lines:
        key = (line.category, line.brand, line.sku)
        applied = remembered.get(key)
        if applied is None:
            place = Place(shop_id, mall_id)
            applied = remembered[key] = policy.applied_to(place, line)
        amount = eligible = line.amount_minor
        if applied is NOTHING:
            eligible = 0
        elif not counts_all:
            eligible = basis.amount_of(line)
        eligible *= paid
        weights.append((line.line_number, amount, eligible * applied.unit))
        rated.append((eligible, applied))
    if policy.minimum_minor:
        total = sum(eligible for eligible, _ in rated)
        if total < policy.minimum_minor * scale:
            nothing = tuple((number, amount, 0) for number, amount, _ in weights)
            return Rating(policy, nothing, tuple(rated), scale, is_below_minimum=True)
    return Rating(policy, tuple(weights), tuple(rated), scale)


def _new_money(basis: Basis, lines: Sequence[Line], tenders: Tenders) -> tuple[int, int]:
    """The share of the receipt that was paid with what counts, as a fraction."""
    excluded_minor = sum(amount for kind, amount in tenders if kind in basis.excluded_tenders)
    if not excluded_minor:
        return 1, 1
    total_minor = sum(line.amount_minor for line in lines)
    # Points may have paid what the tenders say that money did.
    return max(0, total_minor - excluded_minor), total_minor


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
        return rating.cut_by_line()
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
