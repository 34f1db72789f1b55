"""What to write and tell so that the directory becomes what somebody wants, item by item.

A bad item is refused alone. What is already as wanted is left alone: no new revision, no event.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal
from uuid import UUID

from services.membership.domain.directory.directory import (
    Label,
    LabelWanted,
    Mall,
    MallWanted,
    Scope,
    Shop,
    ShopWanted,
    Till,
    TillWanted,
    check_scope,
    check_time_zone,
)
from services.membership.domain.directory.errors import (
    BrandUnknown,
    CategoryUnknown,
    MallUnknown,
    OutOfScope,
    ShopUnknown,
)
from services.membership.domain.programs.errors import CurrencyMismatch
from shared.errors import DomainError

Kind = Literal["mall", "brand", "category", "shop", "till"]
Status = Literal["created", "changed", "unchanged", "rejected"]


@dataclass(frozen=True, slots=True)
class DirectoryWanted:
    """Everything of one request."""

    malls: tuple[MallWanted, ...] = ()
    brands: tuple[LabelWanted, ...] = ()
    categories: tuple[LabelWanted, ...] = ()
    shops: tuple[ShopWanted, ...] = ()
    tills: tuple[TillWanted, ...] = ()


@dataclass(slots=True)
class Directory:
    """What is known, by code (tills by shop id and till id); deciding adds to it."""

    malls: dict[str, Mall] = field(default_factory=dict)
    brands: dict[str, Label] = field(default_factory=dict)
    categories: dict[str, Label] = field(default_factory=dict)
    shops: dict[str, Shop] = field(default_factory=dict)
    tills: dict[tuple[UUID, str], Till] = field(default_factory=dict)

    def mall_by_id(self, mall_id: UUID) -> Mall:
        """A shop's mall is always there."""
        return next(mall for mall in self.malls.values() if mall.mall_id == mall_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item."""

    kind: Kind
    code: str
    status: Status
    error: DomainError | None = None


@dataclass(slots=True)
class DirectoryPlan:
    """What to write: the new state of each changed thing, once; and what to answer."""

    malls: dict[str, Mall] = field(default_factory=dict)
    brands: dict[str, Label] = field(default_factory=dict)
    categories: dict[str, Label] = field(default_factory=dict)
    shops: dict[str, Shop] = field(default_factory=dict)
    tills: dict[tuple[UUID, str], Till] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)


def plan_directory(
    known: Directory,
    wanted: DirectoryWanted,
    scope: Scope,
    currency: str,
    new_id: Callable[[], UUID],
) -> DirectoryPlan:
    """Decide every item in order: malls, brands, categories, shops, tills.

    `known` must hold the malls, and whatever the items name, with all shops of the malls that
    are wanted; it is brought up to date on the way.
    """
    plan = DirectoryPlan()
    for mall in wanted.malls:
        _try(plan, "mall", mall.code, partial(_mall, known, plan, mall, scope, currency, new_id))
    for label in wanted.brands:
        _try(plan, "brand", label.code, partial(_label, known.brands, plan.brands, label, scope))
    for label in wanted.categories:
        decide = partial(_label, known.categories, plan.categories, label, scope)
        _try(plan, "category", label.code, decide)
    for shop in wanted.shops:
        _try(plan, "shop", shop.code, partial(_shop, known, plan, shop, scope, new_id))
    for till in wanted.tills:
        code = f"{till.shop}/{till.till_id}"
        _try(plan, "till", code, partial(_till, known, plan, till, scope))
    return plan


def _try(plan: DirectoryPlan, kind: Kind, code: str, decide: Callable[[], Status]) -> None:
    try:
        plan.outcomes.append(Outcome(kind, code, decide()))
    except DomainError as error:
        plan.outcomes.append(Outcome(kind, code, "rejected", error))


def _mall(
    known: Directory,
    plan: DirectoryPlan,
    wanted: MallWanted,
    scope: Scope,
    currency: str,
    new_id: Callable[[], UUID],
) -> Status:
    old = known.malls.get(wanted.code)
    if scope.mall_ids is None and not scope.is_whole:
        raise OutOfScope("Your scope is shops, not malls.")
    check_scope(scope, old.mall_id if old else None)
    check_time_zone(wanted.time_zone)
    if wanted.currency != currency:
        raise CurrencyMismatch("The programme counts in another currency.", currency=currency)
    new = Mall(
        old.mall_id if old else new_id(),
        wanted.code,
        wanted.name,
        wanted.time_zone,
        wanted.currency,
        old.revision if old else 0,
    )
    if old == new:
        return "unchanged"
    known.malls[new.code] = plan.malls[new.code] = replace(new, revision=new.revision + 1)
    if old is not None and (old.time_zone, old.currency) != (new.time_zone, new.currency):
        # A shop's event spells out its mall's zone and currency, so it is told anew.
        for shop in sorted(known.shops.values(), key=lambda shop: shop.code):
            if shop.mall_id == new.mall_id:
                _keep_shop(known, plan, replace(shop, revision=shop.revision + 1))
    return "changed" if old else "created"


def _label(
    known: dict[str, Label], planned: dict[str, Label], wanted: LabelWanted, scope: Scope
) -> Status:
    if not scope.is_whole:
        raise OutOfScope("Brands and categories belong to the whole programme.")
    old = known.get(wanted.code)
    if old is not None and old.name == wanted.name:
        return "unchanged"
    new = Label(wanted.code, wanted.name, old.revision + 1 if old else 1)
    known[new.code] = planned[new.code] = new
    return "changed" if old else "created"


def _shop(
    known: Directory,
    plan: DirectoryPlan,
    wanted: ShopWanted,
    scope: Scope,
    new_id: Callable[[], UUID],
) -> Status:
    mall = known.malls.get(wanted.mall)
    if mall is None:
        raise MallUnknown("No mall has this code.", mall=wanted.mall)
    if wanted.brand is not None and wanted.brand not in known.brands:
        raise BrandUnknown("No brand has this code.", brand=wanted.brand)
    if wanted.category is not None and wanted.category not in known.categories:
        raise CategoryUnknown("No category has this code.", category=wanted.category)
    old = known.shops.get(wanted.code)
    check_scope(scope, mall.mall_id, old.shop_id if old else None)
    if old is not None:
        check_scope(scope, old.mall_id, old.shop_id)
    new = Shop(
        old.shop_id if old else new_id(),
        wanted.code,
        wanted.name,
        mall.mall_id,
        wanted.brand,
        wanted.category,
        wanted.is_open,
        old.revision if old else 0,
    )
    if old == new:
        return "unchanged"
    _keep_shop(known, plan, replace(new, revision=new.revision + 1))
    return "changed" if old else "created"


def _keep_shop(known: Directory, plan: DirectoryPlan, shop: Shop) -> None:
    known.shops[shop.code] = plan.shops[shop.code] = shop


def _till(known: Directory, plan: DirectoryPlan, wanted: TillWanted, scope: Scope) -> Status:
    shop = known.shops.get(wanted.shop)
    if shop is None:
        raise ShopUnknown("No shop has this code.", shop=wanted.shop)
    check_scope(scope, shop.mall_id, shop.shop_id)
    old = known.tills.get((shop.shop_id, wanted.till_id))
    if old is not None and old.is_active == wanted.is_active:
        return "unchanged"
    if old is None:
        new = Till(shop.shop_id, wanted.till_id, 1, None, wanted.is_active, 1)
    else:
        new = replace(old, is_active=wanted.is_active, revision=old.revision + 1)
    known.tills[new.shop_id, new.till_id] = plan.tills[new.shop_id, new.till_id] = new
    return "changed" if old else "created"
