"""Roles of principals."""

from dataclasses import replace

import pytest

from shared.auth import RoleMissing, Service, Staff, WholeProgrammeOnly, require_role, require_whole
from shared.ids import new_id
from tests.support.frame import PROGRAM


def test_a_role_is_needed_and_an_administrator_has_all() -> None:
    who = Staff(PROGRAM, "s", frozenset({"points"}))
    require_role(who, "points")
    require_role(replace(who, roles=frozenset({"admin"})), "anything")
    with pytest.raises(RoleMissing):
        require_role(who, "marketing")


def test_staff_touch_their_malls_and_shops_and_nothing_of_no_mall() -> None:
    mall, shop, other = new_id(), new_id(), new_id()
    whole = Staff(PROGRAM, "s", frozenset({"admin"}))
    of_mall = replace(whole, mall_ids=frozenset({mall}))
    of_shop = replace(whole, shop_ids=frozenset({shop}))
    assert (whole.is_whole, of_mall.is_whole, of_shop.is_whole) == (True, False, False)
    for place, expected in (
        ((mall, shop), (True, True, True)),
        ((mall, other), (True, True, False)),
        ((other, shop), (True, False, True)),
        ((other, None), (True, False, False)),
        ((None, None), (True, False, False)),
    ):
        assert tuple(who.covers(*place) for who in (whole, of_mall, of_shop)) == expected


def test_what_is_of_the_whole_programme_is_for_staff_of_all_of_it_and_for_systems() -> None:
    whole = Staff(PROGRAM, "s", frozenset({"points"}))
    require_whole(whole, "points")
    require_whole(Service(PROGRAM, "s", frozenset({"points"})), "points")
    with pytest.raises(RoleMissing):
        require_whole(whole, "marketing")
    with pytest.raises(WholeProgrammeOnly):
        require_whole(replace(whole, mall_ids=frozenset()), "points")
