"""What is said of the directory: one event a thing, as it now is."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.membership.domain.directory.directory import Label, Mall, Shop, Till
from services.membership.domain.directory.directory_plan import Directory, DirectoryPlan
from services.membership.domain.tiers.tiers import TierScheme
from shared.contracts.event import Event
from shared.contracts.membership import (
    BrandChanged,
    CategoryChanged,
    MallChanged,
    ShopChanged,
    TierSchemeChanged,
    TierStep,
    TillChanged,
)
from shared.outbox import News


def directory_news(
    program_id: UUID, now: datetime, plan: DirectoryPlan, malls: Directory
) -> list[News]:
    """The plan's changes, malls first; shops need their malls, which `malls` knows."""
    events: list[Event] = [mall_changed(program_id, mall) for mall in plan.malls.values()]
    events += [brand_changed(program_id, label) for label in plan.brands.values()]
    events += [category_changed(program_id, label) for label in plan.categories.values()]
    events += [
        shop_changed(program_id, shop, malls.mall_by_id(shop.mall_id))
        for shop in plan.shops.values()
    ]
    events += [till_changed(program_id, till) for till in plan.tills.values()]
    return as_news(events, now)


def as_news(events: Iterable[Event], now: datetime) -> list[News]:
    """Events that happened now."""
    return [News(event, now) for event in events]


def mall_changed(program_id: UUID, mall: Mall) -> MallChanged:
    """A mall as it now is."""
    return MallChanged(
        program_id=program_id,
        mall_id=mall.mall_id,
        code=mall.code,
        name=mall.name,
        time_zone=mall.time_zone,
        currency=mall.currency,
        revision=mall.revision,
    )


def brand_changed(program_id: UUID, label: Label) -> BrandChanged:
    """A brand as it now is."""
    return BrandChanged(
        program_id=program_id, code=label.code, name=label.name, revision=label.revision
    )


def category_changed(program_id: UUID, label: Label) -> CategoryChanged:
    """A category as it now is."""
    return CategoryChanged(
        program_id=program_id, code=label.code, name=label.name, revision=label.revision
    )


def shop_changed(program_id: UUID, shop: Shop, mall: Mall) -> ShopChanged:
    """A shop as it now is, its mall spelled out."""
    return ShopChanged(
        program_id=program_id,
        shop_id=shop.shop_id,
        code=shop.code,
        name=shop.name,
        mall_id=shop.mall_id,
        time_zone=mall.time_zone,
        currency=mall.currency,
        brand=shop.brand,
        category=shop.category,
        is_open=shop.is_open,
        revision=shop.revision,
    )


def till_changed(program_id: UUID, till: Till) -> TillChanged:
    """A till as it now is."""
    return TillChanged(
        program_id=program_id,
        shop_id=till.shop_id,
        till_id=till.till_id,
        key_version=till.key_version,
        previous_key_until=till.previous_key_until,
        is_active=till.is_active,
        revision=till.revision,
    )


def tier_scheme_changed(program_id: UUID, scheme: TierScheme) -> TierSchemeChanged:
    """The newest tiers."""
    return TierSchemeChanged(
        program_id=program_id,
        version=scheme.version,
        window_days=scheme.window_days,
        tiers=tuple(
            TierStep(code=t.code, name=t.name, rank=t.rank, threshold_minor=t.threshold_minor)
            for t in scheme.tiers
        ),
    )
