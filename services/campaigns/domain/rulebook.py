"""All published versions of a programme, arranged so that a receipt meets only its candidates.

A version is filed under the narrowest thing that its scope names (shops, else brands, else
categories, else malls, else everywhere): a thousand live campaigns cost a receipt no more than
the few that name what is on it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.campaigns.domain.campaigns import Campaign, PointsMultiplier, Scope, SpendAndGet
from services.campaigns.domain.receipts import Line, Receipt

Drawer = Mapping[Any, tuple[Campaign, ...]]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Versions by (campaign, version), by family, and by what their scope names."""

    versions: Mapping[tuple[UUID, int], Campaign]
    families: Mapping[str, tuple[Campaign, ...]]
    by_shop: Drawer
    by_brand: Drawer
    by_category: Drawer
    by_mall: Drawer
    everywhere: tuple[Campaign, ...]
    has_tier_rules: bool


def compile_rulebook(campaigns: Iterable[Campaign]) -> Rulebook:
    """Arrange the versions; within each drawer in the order (campaign, version)."""
    ordered = sorted(campaigns, key=lambda c: (c.campaign_id, c.version))
    drawers: dict[str, dict[Any, list[Campaign]]] = {
        name: {} for name in ("shops", "brands", "categories", "malls", "everywhere")
    }
    families: dict[str, list[Campaign]] = {}
    for campaign in ordered:
        name, keys = _place(campaign.rule.scope)
        for key in keys:
            drawers[name].setdefault(key, []).append(campaign)
        if isinstance(campaign.rule, SpendAndGet):
            families.setdefault(campaign.family, []).append(campaign)
    return Rulebook(
        versions={(c.campaign_id, c.version): c for c in ordered},
        families={name: tuple(found) for name, found in families.items()},
        by_shop=_closed(drawers["shops"]),
        by_brand=_closed(drawers["brands"]),
        by_category=_closed(drawers["categories"]),
        by_mall=_closed(drawers["malls"]),
        everywhere=tuple(drawers["everywhere"].get(None, ())),
        has_tier_rules=any(isinstance(c.rule, PointsMultiplier) and c.rule.tiers for c in ordered),
    )


def _place(scope: Scope) -> tuple[str, Iterable[Any]]:
    for name in ("shops", "brands", "categories", "malls"):
        if keys := getattr(scope, name):
            return name, keys
    return "everywhere", (None,)


def _closed(drawer: Mapping[Any, list[Campaign]]) -> Drawer:
    return {key: tuple(found) for key, found in drawer.items()}


def candidates(book: Rulebook, receipt: Receipt) -> list[Campaign]:
    """The versions that decide at the receipt's instant and count at least one of its lines."""
    found: dict[tuple[UUID, int], Campaign] = {}
    for group in _drawers_of(book, receipt):
        for campaign in group:
            if campaign.decides(receipt.purchased_at) and _counts_any(campaign, receipt):
                found[campaign.campaign_id, campaign.version] = campaign
    return list(found.values())


def _drawers_of(book: Rulebook, receipt: Receipt) -> Iterable[tuple[Campaign, ...]]:
    yield book.everywhere
    yield book.by_shop.get(receipt.shop_id, ())
    yield book.by_mall.get(receipt.mall_id, ())
    if book.by_brand:
        for brand in {line.brand for line in receipt.lines}:
            yield book.by_brand.get(brand, ())
    if book.by_category:
        for category in {line.category for line in receipt.lines}:
            yield book.by_category.get(category, ())


def _counts_any(campaign: Campaign, receipt: Receipt) -> bool:
    scope = campaign.rule.scope
    return is_place_in_scope(scope, receipt) and any(
        is_line_in_scope(scope, line) for line in receipt.lines
    )


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
