"""All published versions of a programme, arranged so that a receipt meets only those it counts for.

Versions with the same scope are kept together, so that what a receipt has in it is added up once.
A scope is filed under the narrowest thing that it names (shops, else brands, else categories,
else malls, else everywhere): a thousand live campaigns cost a receipt no more than the few that
name what is on it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from services.campaigns.domain.receipts.receipts import Line, Receipt
from services.campaigns.domain.rules.campaigns import Campaign, PointsMultiplier, Scope, SpendAndGet

KINDS_OF_LINE_KEPT_MAX = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class ScopeRules:
    """All versions of one scope. `by_receipt` and `by_day` are those of `spending` that give by
    themselves, on one receipt or on a day."""

    scope: Scope
    multipliers: tuple[Campaign, ...]
    spending: tuple[Campaign, ...]
    by_receipt: tuple[tuple[Campaign, SpendAndGet], ...]
    by_day: tuple[tuple[Campaign, SpendAndGet], ...]


class Counted(NamedTuple):
    """What of a receipt is in a scope: money, and millionths of a point before the tier."""

    rules: ScopeRules
    amount_minor: int
    base_micro: int


class Scopes(NamedTuple):
    """The scopes that count a kind of line, and those of them that sum days."""

    all: tuple[ScopeRules, ...]
    of_days: tuple[ScopeRules, ...]


class Meeting(NamedTuple):
    """A receipt and every scope that counts at least one of its lines."""

    receipt: Receipt
    counted: Sequence[Counted]


Drawer = Mapping[Any, Sequence[ScopeRules]]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Versions by (campaign, version) and by family; scopes by what they name.

    `kinds_of_line` remembers the scopes for a mall, shop, brand and category: a mall has few of
    them and they come again and again.
    """

    versions: Mapping[tuple[UUID, int], Campaign]
    families: Mapping[str, tuple[Campaign, ...]]
    by_shop: Drawer
    by_brand: Drawer
    by_category: Drawer
    by_mall: Drawer
    everywhere: Sequence[ScopeRules]
    has_tier_rules: bool
    kinds_of_line: dict[Any, Scopes] = field(default_factory=dict)


def compile_rulebook(campaigns: Iterable[Campaign]) -> Rulebook:
    """Arrange the versions; within each scope and family in the order (campaign, version)."""
    ordered = sorted(campaigns, key=lambda c: (c.campaign_id, c.version))
    scopes: dict[Scope, list[Campaign]] = {}
    families: dict[str, list[Campaign]] = {}
    for campaign in ordered:
        scopes.setdefault(campaign.rule.scope, []).append(campaign)
        if isinstance(campaign.rule, SpendAndGet):
            families.setdefault(campaign.family, []).append(campaign)
    drawers: dict[str, dict[Any, list[ScopeRules]]] = {
        name: {} for name in ("shops", "brands", "categories", "malls", "everywhere")
    }
    for scope, found in scopes.items():
        name, keys = _place(scope)
        rules = _scope_rules(scope, found)
        for key in keys:
            drawers[name].setdefault(key, []).append(rules)
    return Rulebook(
        versions={(c.campaign_id, c.version): c for c in ordered},
        families={name: tuple(found) for name, found in families.items()},
        by_shop=drawers["shops"],
        by_brand=drawers["brands"],
        by_category=drawers["categories"],
        by_mall=drawers["malls"],
        everywhere=drawers["everywhere"].get(None, ()),
        has_tier_rules=any(isinstance(c.rule, PointsMultiplier) and c.rule.tiers for c in ordered),
    )


def _place(scope: Scope) -> tuple[str, Iterable[Any]]:
    for name in ("shops", "brands", "categories", "malls"):
        if keys := getattr(scope, name):
            return name, keys
    return "everywhere", (None,)


def _scope_rules(scope: Scope, campaigns: Sequence[Campaign]) -> ScopeRules:
    spending = [(c, c.rule) for c in campaigns if isinstance(c.rule, SpendAndGet)]
    automatic = [(c, rule) for c, rule in spending if rule.grant == "automatic"]
    return ScopeRules(
        scope,
        multipliers=tuple(c for c in campaigns if isinstance(c.rule, PointsMultiplier)),
        spending=tuple(c for c, _ in spending),
        by_receipt=tuple((c, rule) for c, rule in automatic if rule.basis == "receipt"),
        by_day=tuple((c, rule) for c, rule in automatic if rule.basis == "day"),
    )


def meet(book: Rulebook, receipt: Receipt) -> Meeting:
    """The scopes that count at least one of the receipt's lines, with what they count of it."""
    amounts: dict[ScopeRules, int] = {}
    bases: dict[ScopeRules, int] = {}
    for line in receipt.lines:
        for rules in scopes_of(book, receipt, line).all:
            amounts[rules] = amounts.get(rules, 0) + line.amount_minor
            bases[rules] = bases.get(rules, 0) + line.base_micro
    return Meeting(receipt, [Counted(r, amount, bases[r]) for r, amount in amounts.items()])


def candidates(meeting: Meeting) -> Iterator[Campaign]:
    """The versions that decide at the receipt's instant and count at least one of its lines."""
    for rules, _, _ in meeting.counted:
        for campaign in (*rules.multipliers, *rules.spending):
            if campaign.decides(meeting.receipt.purchased_at):
                yield campaign


def scopes_of(book: Rulebook, receipt: Receipt, line: Line) -> Scopes:
    """The scopes that count the line."""
    kind = (receipt.mall_id, receipt.shop_id, line.brand, line.category)
    known = book.kinds_of_line.get(kind)
    if known is None:
        if len(book.kinds_of_line) >= KINDS_OF_LINE_KEPT_MAX:
            book.kinds_of_line.clear()
        found = tuple(
            rules
            for drawer in (
                book.everywhere,
                book.by_shop.get(receipt.shop_id, ()),
                book.by_mall.get(receipt.mall_id, ()),
                book.by_brand.get(line.brand, ()),
                book.by_category.get(line.category, ()),
            )
            for rules in drawer
            if is_place_in_scope(rules.scope, receipt) and is_line_in_scope(rules.scope, line)
        )
        known = Scopes(found, tuple(rules for rules in found if rules.by_day))
        book.kinds_of_line[kind] = known
    return known


def is_place_in_scope(scope: Scope, receipt: Receipt) -> bool:
    """Whether the receipt's mall and shop count."""
    return (not scope.malls or receipt.mall_id in scope.malls) and (
        not scope.shops or receipt.shop_id in scope.shops
    )


def is_line_in_scope(scope: Scope, line: Line) -> bool:
    """Whether the line's brand and category count."""
    return (not scope.brands or line.brand in scope.brands) and (
        not scope.categories or line.category in scope.categories
    )
