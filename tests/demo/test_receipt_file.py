"""The packed file itself: it is the stated one, and packing and unpacking lose nothing."""

import hashlib
import lzma
from array import array

import pytest

from demo.receipt_file import COLUMNS, WIDTHS, compress, decompress, pack, unpack
from demo.tables import FOLDER

README = (FOLDER.parent / "README.md").read_text(encoding="utf-8")


def a_column(name: str, length: int) -> list[int]:
    highest = 2 ** (8 * WIDTHS[COLUMNS[name]])
    return [0, 1, highest - 1, *range(length - 3)]


def test_the_committed_file_is_the_one_the_readme_names_and_under_six_megabytes() -> None:
    packed = (FOLDER / "receipts.xz").read_bytes()
    assert hashlib.sha256(packed).hexdigest() in README
    assert hashlib.sha256(decompress(packed)).hexdigest() in README
    assert len(packed) < 6_000_000


def test_packed_columns_come_back_with_their_extreme_values() -> None:
    columns = {
        name: a_column(name, 10 if name.startswith("receipt_") else 25)
        for name in COLUMNS
        if COLUMNS[name] != "q"
    }
    columns["receipt_number_step"] = [0, -1, 2**63 - 1, -(2**63), 4, 5, 6, 7, 8, 9]
    header, unpacked = unpack(decompress(compress(pack({"epoch": "then"}, columns))))
    assert header["epoch"] == "then"
    assert {name: values.tolist() for name, values in unpacked.items()} == columns


def test_the_same_columns_pack_to_the_same_bytes() -> None:
    columns = {name: [1, 2, 3] for name in COLUMNS}
    again = {name: [1, 2, 3] for name in reversed(COLUMNS)}
    assert compress(pack({"b": 1, "a": 2}, columns)) == compress(pack({"a": 2, "b": 1}, again))


def test_a_value_too_large_for_its_column_is_refused_and_never_cut() -> None:
    columns = {name: array("q", [0]) for name in COLUMNS} | {"line_discount_minor": [65_536]}
    with pytest.raises(OverflowError):
        pack({}, columns)


@pytest.mark.parametrize("damage", ["cut short", "too long", "something else"])
def test_a_file_that_is_not_whole_is_refused(damage: str) -> None:
    payload = pack({}, {name: [1, 2] for name in COLUMNS})
    damaged = {"cut short": payload[:-1], "too long": payload + b"\0", "something else": b"PK\3\4"}
    with pytest.raises(ValueError, match=r"receipts file"):
        unpack(damaged[damage])


def test_a_flipped_bit_in_the_packed_file_is_noticed() -> None:
    packed = bytearray(compress(pack({}, {name: list(range(50)) for name in COLUMNS})))
    packed[len(packed) // 2] ^= 1
    with pytest.raises(lzma.LZMAError):
        decompress(bytes(packed))
