"""The packed form of the receipts: whole-number columns, cut into byte planes, in xz.

Layout of the uncompressed payload: the line `MAGIC`, one line of JSON (the header), then for every
column named in `COLUMNS`, in that order, its byte planes: first the lowest byte of all its values,
then the next, up to the width of its type. High bytes are nearly always zero, so planes compress
well, and only the standard library reads them.
"""

import json
import lzma
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

MAGIC = b"galleria receipts 1\n"

# Name and type code (array module) of each column. "receipt_…" has one value for each receipt, in
# time order; "line_…" has one for each line, in the order of the receipts and of the lines on them.
COLUMNS = {
    "receipt_number_step": "q",  # difference to the receipt before; the first is its own number
    "receipt_seconds_step": "I",  # since the receipt before; the first since the epoch
    "receipt_household": "H",
    "receipt_shop": "H",
    "receipt_coupon_minor": "H",
    "receipt_lines": "B",
    "line_category": "B",  # position in the header's categories
    "line_brand": "B",  # position in the header's brands
    "line_quantity": "I",
    "line_amount_minor": "I",
    "line_discount_minor": "H",
}
WIDTHS = {"B": 1, "H": 2, "I": 4, "q": 8}

Columns = dict[str, "array[int]"]


def pack(header: Mapping[str, Any], columns: Mapping[str, Sequence[int]]) -> bytes:
    """The payload for `columns` (all of `COLUMNS`).

    A value that its column cannot hold raises OverflowError.
    """
    counts = {name: len(columns[name]) for name in COLUMNS}
    head = json.dumps({**header, "counts": counts}, sort_keys=True, ensure_ascii=False)
    parts = [MAGIC, head.encode(), b"\n"]
    for name, code in COLUMNS.items():
        raw = _little_endian(array(code, columns[name])).tobytes()
        parts.extend(raw[plane :: WIDTHS[code]] for plane in range(WIDTHS[code]))
    return b"".join(parts)


def unpack(payload: bytes) -> tuple[dict[str, Any], Columns]:
    """Header and columns of a payload.

    Raises ValueError when it is not one, or is cut short, or has bytes left.
    """
    if not payload.startswith(MAGIC):
        raise ValueError("not a receipts file of this version")
    end_of_header = payload.index(b"\n", len(MAGIC))
    header: dict[str, Any] = json.loads(payload[len(MAGIC) : end_of_header])
    size = sum(header["counts"][name] * WIDTHS[code] for name, code in COLUMNS.items())
    if len(payload) != end_of_header + 1 + size:
        raise ValueError(f"the receipts file has {len(payload)} bytes, not what its header says")
    columns: Columns = {}
    at = end_of_header + 1
    for name, code in COLUMNS.items():
        count, width = header["counts"][name], WIDTHS[code]
        raw = bytearray(count * width)
        for plane in range(width):
            raw[plane::width] = payload[at : at + count]
            at += count
        columns[name] = _little_endian(array(code, bytes(raw)))
    return header, columns


def compress(payload: bytes) -> bytes:
    """The payload as xz.

    It holds no clock and no name, so the same payload and xz library give the same bytes.
    """
    return lzma.compress(payload, preset=9 | lzma.PRESET_EXTREME)


def decompress(packed: bytes) -> bytes:
    """The payload of a packed file.

    Raises lzma.LZMAError when the file is damaged (xz carries a checksum).
    """
    return lzma.decompress(packed)


def _little_endian(values: "array[int]") -> "array[int]":
    """Swaps the bytes on the rare big-endian machine: the file is little-endian everywhere."""
    if values.itemsize != WIDTHS[values.typecode]:
        raise ValueError(
            f"array type {values.typecode} has {values.itemsize} bytes on this machine"
        )
    if sys.byteorder == "big":
        values.byteswap()
    return values
