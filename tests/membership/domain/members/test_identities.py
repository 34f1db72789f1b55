"""Identities have one spelling each."""

import pytest

from services.membership.domain.members.errors import IdentityInvalid, PhoneInvalid
from services.membership.domain.members.identities import (
    IdentityType,
    mask_identity,
    normalise_identity,
)


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("phone", "138 0013 8000", "+8613800138000"),
        ("plate", "沪A·12345", "沪A12345"),
        ("plate", " 粤b 12345d ", "粤B12345D"),
        ("card", "vip-0042", "VIP0042"),
        ("email", " Wang@Example.COM ", "wang@example.com"),
        ("wechat_openid", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),
    ],
)
def test_the_same_identity_is_spelled_the_same(kind: IdentityType, typed: str, stored: str) -> None:
    assert normalise_identity(kind, typed, "CN") == stored


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("email", "nobody"),
        ("email", "a@b"),
        ("email", "a b@c.de"),
        ("plate", "!"),
        ("card", "1"),
        ("wechat_openid", "short"),
        ("wechat_unionid", "x" * 65),
    ],
)
def test_what_is_no_identity_is_refused_without_an_echo(kind: IdentityType, typed: str) -> None:
    with pytest.raises(IdentityInvalid) as refused:
        normalise_identity(kind, typed, "CN")
    assert typed not in refused.value.detail or len(typed) == 1


def test_a_phone_is_checked_as_a_phone() -> None:
    with pytest.raises(PhoneInvalid):
        normalise_identity("phone", "12", "CN")


def test_masks_show_enough_to_recognise_ones_own() -> None:
    assert mask_identity("email", "wang@example.com") == "w***@example.com"
    assert mask_identity("phone", "+8613800138000") == "+86138****8000"
    assert mask_identity("plate", "沪A12345") == "****345"
