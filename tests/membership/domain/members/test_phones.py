"""Phone numbers as people write them."""

import pytest

from services.membership.domain.members.errors import PhoneInvalid
from services.membership.domain.members.phones import mask_phone, normalise_phone


@pytest.mark.parametrize(
    ("typed", "region", "stored"),
    [
        ("13800138000", "CN", "+8613800138000"),
        ("+86 138 0013 8000", "US", "+8613800138000"),
        ("(202) 456-1111", "US", "+12024561111"),
        ("+852 2345 6789", "CN", "+85223456789"),
    ],
)
def test_a_number_has_one_spelling(typed: str, region: str, stored: str) -> None:
    assert normalise_phone(typed, region) == stored


@pytest.mark.parametrize("typed", ["", "abc", "110", "+999 1", "1" * 40])
def test_what_nobody_can_be_called_on_is_refused_without_an_echo(typed: str) -> None:
    with pytest.raises(PhoneInvalid) as refused:
        normalise_phone(typed, "CN")
    assert not typed or typed not in refused.value.detail


def test_a_masked_number_shows_its_owner_enough() -> None:
    assert mask_phone("+8613800138000") == "+86138****8000"
    assert mask_phone("+12024561111") == "+120****1111"
    assert mask_phone("+3545551") == "****5551"
