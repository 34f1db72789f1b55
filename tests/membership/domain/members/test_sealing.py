"""Personal data at rest."""

import pytest

from services.membership.domain.members.sealing import ProgramKeys, blind_index, seal, unseal
from shared.errors import Invariant
from shared.ids import new_bytes

KEY = new_bytes(32)


def test_what_is_sealed_opens_with_its_key_in_its_place() -> None:
    sealed = seal(KEY, new_bytes(12), "王小明".encode(), "m-1 name")
    assert unseal(KEY, sealed, "m-1 name").decode() == "王小明"


@pytest.mark.parametrize(
    ("key", "place"),
    [(new_bytes(32), "m-1 name"), (KEY, "m-2 name")],
    ids=["another key", "another place"],
)
def test_another_key_or_place_opens_nothing(key: bytes, place: str) -> None:
    sealed = seal(KEY, new_bytes(12), b"Wang", "m-1 name")
    with pytest.raises(Invariant):
        unseal(key, sealed, place)


def test_a_blind_index_is_equal_for_equal_values_of_one_kind_and_key() -> None:
    index = blind_index(KEY, "phone", "+8613800138000")
    assert index == blind_index(KEY, "phone", "+8613800138000")
    assert len({index, blind_index(KEY, "card", "+8613800138000")}) == 2
    assert index != blind_index(new_bytes(32), "phone", "+8613800138000")


def test_keys_do_not_show_themselves() -> None:
    assert "1234" not in repr(ProgramKeys(b"1234", b"1234"))
