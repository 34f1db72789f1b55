"""Roles of principals."""

from dataclasses import replace

import pytest

from shared.auth import RoleMissing, Staff, require_role
from tests.support.frame import PROGRAM


def test_a_role_is_needed_and_an_administrator_has_all() -> None:
    who = Staff(PROGRAM, "s", frozenset({"points"}))
    require_role(who, "points")
    require_role(replace(who, roles=frozenset({"admin"})), "anything")
    with pytest.raises(RoleMissing):
        require_role(who, "marketing")
