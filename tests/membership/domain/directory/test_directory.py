"""Scopes, zones and tills."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.membership.domain.directory.directory import (
    Scope,
    Till,
    check_scope,
    check_till,
    check_time_zone,
)
from services.membership.domain.directory.errors import (
    OutOfScope,
    TillInactive,
    TillKeyRetired,
    TimeZoneUnknown,
)

MALL, SHOP, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TILL = Till(SHOP, "T1", 3, NOW + timedelta(hours=1), True, 5)


def test_a_scope_covers_its_malls_and_shops_and_nothing_new() -> None:
    check_scope(Scope(), None)
    check_scope(Scope(frozenset({MALL})), MALL, SHOP)
    check_scope(Scope(None, frozenset({SHOP})), MALL, SHOP)
    for scope, mall, shop in (
        (Scope(frozenset({MALL})), None, None),
        (Scope(frozenset({MALL})), OTHER, SHOP),
        (Scope(None, frozenset({SHOP})), MALL, OTHER),
        (Scope(frozenset()), MALL, SHOP),
    ):
        with pytest.raises(OutOfScope):
            check_scope(scope, mall, shop)


def test_zones_are_those_of_the_iana_database() -> None:
    check_time_zone("Asia/Shanghai")
    for name in ("Asia/Atlantis", "../etc/passwd", "asia/shanghai", ""):
        with pytest.raises(TimeZoneUnknown):
            check_time_zone(name)


def test_a_tills_key_and_the_one_before_it_are_good_for_a_while() -> None:
    check_till(TILL, 3, NOW)
    check_till(TILL, 2, NOW)
    for version, at in ((1, NOW), (4, NOW), (2, NOW + timedelta(hours=1))):
        with pytest.raises(TillKeyRetired):
            check_till(TILL, version, at)
    with pytest.raises(TillKeyRetired):
        check_till(replace(TILL, previous_key_until=None), 2, NOW)


def test_a_till_that_is_off_does_not_speak() -> None:
    with pytest.raises(TillInactive):
        check_till(replace(TILL, is_active=False), 3, NOW)
