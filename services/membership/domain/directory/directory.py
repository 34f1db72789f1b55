"""Malls, brands, categories, shops and tills: as they are, and as somebody wants them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID
from zoneinfo import available_timezones

from services.membership.domain.directory.errors import (
    OutOfScope,
    TillInactive,
    TillKeyRetired,
    TimeZoneUnknown,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which malls and shops somebody may touch; None means all of the programme's."""

    mall_ids: frozenset[UUID] | None = None
    shop_ids: frozenset[UUID] | None = None

    @property
    def is_whole(self) -> bool:
        """No limit at all."""
        return self.mall_ids is None and self.shop_ids is None


@dataclass(frozen=True, slots=True)
class Mall:
    """A mall. `time_zone` is an IANA name."""

    mall_id: UUID
    code: str
    name: str
    time_zone: str
    currency: str
    revision: int


@dataclass(frozen=True, slots=True)
class Label:
    """A brand or a category."""

    code: str
    name: str
    revision: int


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop in a mall."""

    shop_id: UUID
    code: str
    name: str
    mall_id: UUID
    brand: str | None
    category: str | None
    is_open: bool
    revision: int


@dataclass(frozen=True, slots=True)
class Till:
    """A till of a shop. Its secret is derived from `key_version`, never kept."""

    shop_id: UUID
    till_id: str
    key_version: int
    previous_key_until: datetime | None
    is_active: bool
    revision: int


@dataclass(frozen=True, slots=True)
class MallWanted:
    """A mall as somebody wants it."""

    code: str
    name: str
    time_zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class LabelWanted:
    """A brand or category as somebody wants it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ShopWanted:
    """A shop as somebody wants it; mall, brand and category by code."""

    code: str
    name: str
    mall: str
    brand: str | None
    category: str | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class TillWanted:
    """A till as somebody wants it; its shop by code."""

    shop: str
    till_id: str
    is_active: bool


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_time_zone(name: str) -> None:
    """Raise `TimeZoneUnknown` unless the name is in the IANA database."""
    if name not in _zones():
        raise TimeZoneUnknown("Use an IANA time zone name, for example Asia/Shanghai.")


def check_scope(scope: Scope, mall_id: UUID | None, shop_id: UUID | None = None) -> None:
    """Raise `OutOfScope` unless the scope covers the mall or the shop.

    A mall or shop that is yet to be made (None) is covered by the whole programme only, a new
    shop by its mall.
    """
    if scope.is_whole:
        return
    if scope.shop_ids is not None and shop_id in scope.shop_ids:
        return
    if scope.mall_ids is not None and mall_id in scope.mall_ids:
        return
    raise OutOfScope("This lies outside of your malls and shops.")


def check_till(till: Till, key_version: int, now: datetime) -> None:
    """Raise `TillInactive` or `TillKeyRetired` unless the till may speak with that key now."""
    if not till.is_active:
        raise TillInactive("This till is switched off. Ask the mall's staff.")
    is_previous = key_version == till.key_version - 1
    if key_version == till.key_version:
        return
    if is_previous and till.previous_key_until is not None and now < till.previous_key_until:
        return
    raise TillKeyRetired("This key version is retired.", current_key_version=till.key_version)
