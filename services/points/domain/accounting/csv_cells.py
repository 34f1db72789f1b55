"""Cells of files that people open with a spreadsheet."""

from collections.abc import Sequence
from datetime import UTC, datetime

# What a spreadsheet takes for the beginning of a formula, also after blanks of any script.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r", "\n")
Cell = str | int | datetime | None


def csv_line(cells: Sequence[Cell]) -> str:
    """One line by RFC 4180, ended by CR LF. Text cannot be a formula; numbers stay numbers."""
    return ",".join(map(_cell, cells)) + "\r\n"


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it."""
    is_formula = text.startswith(_CONTROL) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if is_formula else text


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, int):
        return str(value)
    text = harmless(value)
    if any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
