"""Which rates a line earns by: the levels of a policy, and its rules on top of them."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from math import lcm
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.receipts.receipts import Line

_MILLI = 1_000
# Each receipt is counted in this fraction and told by it: no till waits for numbers of many digits.
DENOMINATOR_MAX = 10**18


class Combine(StrEnum):
    """How the levels work together: the most specific alone, or all that apply added up."""

    MOST_SPECIFIC = "most_specific"
    SUM = "sum"


class RulesCombine(StrEnum):
    """Which of the rules that fit a line count: the first in the list, or all of them."""

    FIRST = "first"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Rate:
    """`points` for every `per_minor` of money; 0 points exclude. With `step_minor` only full steps
    of the amount count."""

    points: int
    per_minor: int
    step_minor: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """More for lines that fit all that it names: a rate of its own, or a multiplier (in
    thousandths) of what the levels give."""

    code: str
    rate: Rate | None = None
    multiplier_milli: int | None = None
    malls: frozenset[UUID] = frozenset()
    shops: frozenset[UUID] = frozenset()
    categories: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()

    def fits(self, place: "Place", category: str, brand: str | None, sku: str | None) -> bool:
        """Whether the line is one that the rule is for; what it does not name does not matter."""
        return (
            (not self.malls or place.mall_id in self.malls)
            and (not self.shops or place.shop_id in self.shops)
            and (not self.categories or category in self.categories)
            and (not self.brands or brand in self.brands)
            and (not self.skus or sku in self.skus)
        )


class Place(NamedTuple):
    """Where a sale was made."""

    shop_id: UUID
    mall_id: UUID | None


@dataclass(frozen=True)
class Levels:
    """Rates by level, from the widest to the most specific, and the rules on top of them."""

    programme: Rate
    malls: dict[UUID, Rate] = field(default_factory=dict)
    categories: dict[str, Rate] = field(default_factory=dict)
    brands: dict[str, Rate] = field(default_factory=dict)
    shops: dict[UUID, Rate] = field(default_factory=dict)
    combine: Combine = Combine.MOST_SPECIFIC
    rules: tuple[Rule, ...] = ()
    rules_combine: RulesCombine = RulesCombine.SUM

    def rates(self) -> list[Rate]:
        """All rates that it names."""
        by_level = (self.malls, self.categories, self.brands, self.shops)
        named = [rate for level in by_level for rate in level.values()]
        return [self.programme, *named, *(rule.rate for rule in self.rules if rule.rate)]

    def denominator(self) -> int:
        """The smallest number in which every worth is whole: exact sums without fractions."""
        scale = _MILLI if any(rule.multiplier_milli is not None for rule in self.rules) else 1
        return lcm(*(rate.per_minor for rate in self.rates())) * scale


class Part(NamedTuple):
    """One rate that a line earns by: where it comes from, what multiplies it, and what a minor
    unit is worth by it, in `1/denominator` points. `text` says it all as JSON, with room for more.
    """

    source: str
    rate: Rate
    multipliers: tuple[str, ...]
    unit: int
    text: str

    def cut(self, eligible: int, scale: int) -> int:
        """The full steps of an amount, which is in `1/scale` minor units."""
        step = self.rate.step_minor * scale
        return eligible if self.rate.step_minor == 1 else eligible // step * step


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """All that a line earns by. `unit` is the sum of its parts', before full steps."""

    unit: int
    parts: tuple[Part, ...]


NOTHING = Applied(0, ())


def apply_levels(
    levels: Levels,
    denominator: int,
    place: Place,
    category: str,
    brand: str | None,
    sku: str | None,
) -> Applied:
    """The rates for such a line."""
    fitting = [rule for rule in levels.rules if rule.fits(place, category, brand, sku)]
    if levels.rules_combine is RulesCombine.FIRST:
        fitting = fitting[:1]
    factor_milli, multipliers = _MILLI, []
    for rule in fitting:
        if rule.multiplier_milli is not None:
            factor_milli += rule.multiplier_milli - _MILLI
            multipliers.append(rule.code)
    parts = []
    for source, rate in _level_rates(levels, place, category, brand):
        unit = rate.points * (denominator // rate.per_minor) * max(0, factor_milli) // _MILLI
        parts.append(_part(source, rate, unit, *multipliers))
    for rule in fitting:
        if rule.rate is not None:
            unit = rule.rate.points * (denominator // rule.rate.per_minor)
            parts.append(_part(f"rule:{rule.code}", rule.rate, unit))
    return Applied(sum(part.unit for part in parts), tuple(parts))


def _part(source: str, rate: Rate, unit: int, *multipliers: str) -> Part:
    said: dict[str, Any] = {"source": source, "points": rate.points, "per_minor": rate.per_minor}
    if rate.step_minor != 1:
        said["step_minor"] = rate.step_minor
    if multipliers:
        said["multipliers"] = multipliers
    return Part(source, rate, multipliers, unit, json.dumps(said, separators=(",", ":"))[:-1])


def _level_rates(
    levels: Levels, place: Place, category: str, brand: str | None
) -> list[tuple[str, Rate]]:
    found = [
        ("programme", levels.programme),
        ("mall", levels.malls.get(place.mall_id) if place.mall_id is not None else None),
        (f"category:{category}", levels.categories.get(category)),
        (f"brand:{brand}", levels.brands.get(brand) if brand is not None else None),
        ("shop", levels.shops.get(place.shop_id)),
    ]
    named = [(source, rate) for source, rate in found if rate is not None]
    return named if levels.combine is Combine.SUM else named[-1:]


@dataclass(frozen=True, slots=True)
class Basis:
    """What of a receipt counts: its eligible amount."""

    counts_tax: bool = True
    counts_delivery: bool = True
    excluded_tenders: frozenset[str] = frozenset()
    excluded_categories: frozenset[str] = frozenset()
    excluded_brands: frozenset[str] = frozenset()
    excluded_skus: frozenset[str] = frozenset()

    def excludes(self, category: str, brand: str | None, sku: str | None) -> bool:
        """Whether such a line never counts, whatever rate there is for it."""
        return (
            category in self.excluded_categories
            or brand in self.excluded_brands
            or sku in self.excluded_skus
        )

    def amount_of(self, line: Line) -> int:
        """What of the line counts, in minor units, before tenders are taken out."""
        if line.is_delivery and not self.counts_delivery:
            return 0
        return line.amount_minor if self.counts_tax else line.amount_minor - line.tax_minor


WHOLE_RECEIPT = Basis()
