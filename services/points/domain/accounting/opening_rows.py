"""Rows of a file with opening balances: one dated lot each, named by a reference that counts once.

A file is CSV with a header line, or JSON lines, each in UTF-8 and one row a line.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.points.domain.expiry.expiry import end_of_day, first_instant
from services.points.domain.wallets.wallets import POINTS

COLUMNS = (
    "reference", "member_id", "member_number", "points", "earned_on", "expires_on", "wallet",
    "mall_id", "shop_id",
)  # fmt: skip
COLUMNS_NEEDED = ("reference", "points", "earned_on")
POINTS_MAX = 1_000_000_000
_REFERENCE = re.compile(r"[!-~]([ -~]{0,126}[!-~])?")
_WALLET = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_NUMBER = re.compile(r"[1-9][0-9]{11}")
_YEARS = range(1990, 2200)


@dataclass(slots=True)
class OpeningRow:
    """A row as read. With an `error`, the other fields are as far as they could be read."""

    row_number: int
    reference: str | None = None
    member_id: UUID | None = None
    member_number: str | None = None
    points: int | None = None
    earned_at: datetime | None = None
    expires_at: datetime | None = None
    wallet: str = POINTS
    mall_id: UUID | None = None
    shop_id: UUID | None = None
    error: str | None = None


class _Wrong(Exception):
    pass


def read_header(line: str) -> tuple[str, ...] | None:
    """The columns that a CSV part names, or None when one is unknown, missing or named twice."""
    try:
        found = tuple(cell.strip() for cell in next(csv.reader([line], strict=True), ()))
    except csv.Error:
        return None
    needed = set(COLUMNS_NEEDED) <= set(found)
    is_good = needed and set(found) <= set(COLUMNS) and len(set(found)) == len(found)
    return found if is_good else None


def read_row(
    row_number: int, line: str, columns: Sequence[str] | None, time_zone: str, now: datetime
) -> OpeningRow:
    """The row of one line: of CSV with those `columns`, or of JSON when there are none.

    Days are the programme's: points earned on a day are dated to its beginning and can be used to
    the end of `expires_on`.
    """
    row = OpeningRow(row_number)
    try:
        _fill(row, _fields(line, columns), time_zone, now)
    except _Wrong as error:
        row.error = str(error)
    return row


def _fields(line: str, columns: Sequence[str] | None) -> Mapping[str, Any]:
    if columns is None:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _Wrong("not_json") from error
        if not isinstance(found, dict) or not set(found) <= set(COLUMNS):
            raise _Wrong("unknown_fields")
        return {name: value for name, value in found.items() if value is not None}
    try:
        cells = next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise _Wrong("not_csv") from error
    if len(cells) != len(columns):
        raise _Wrong("wrong_number_of_cells")
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if cell.strip()}


def _fill(row: OpeningRow, fields: Mapping[str, Any], time_zone: str, now: datetime) -> None:
    row.reference = _text(fields, "reference", _REFERENCE)
    if row.reference is None:
        raise _Wrong("reference_missing")
    row.member_id = _id(fields, "member_id")
    row.member_number = _text(fields, "member_number", _NUMBER)
    if (row.member_id is None) == (row.member_number is None):
        raise _Wrong("name_the_member_once")
    row.points = _points(fields.get("points"))
    row.wallet = _text(fields, "wallet", _WALLET) or POINTS
    row.mall_id, row.shop_id = _id(fields, "mall_id"), _id(fields, "shop_id")
    earned_on, expires_on = _day(fields, "earned_on"), _day(fields, "expires_on")
    if earned_on is None:
        raise _Wrong("earned_on_missing")
    row.earned_at = first_instant(earned_on, time_zone)
    if row.earned_at > now:
        raise _Wrong("earned_on_in_future")
    if expires_on is not None:
        row.expires_at = end_of_day(expires_on, time_zone)
        if row.expires_at <= now:
            raise _Wrong("expired_already")


def _text(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _Wrong(f"{name}_malformed")
    return value


def _id(fields: Mapping[str, Any], name: str) -> UUID | None:
    value = fields.get(name)
    if value is None:
        return None
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else _refuse(name)
    except ValueError:
        return _refuse(name)


def _refuse(name: str) -> UUID:
    raise _Wrong(f"{name}_malformed")


def _points(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= POINTS_MAX:
        raise _Wrong("points_not_positive_whole")
    return value


def _day(fields: Mapping[str, Any], name: str) -> date | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise _Wrong(f"{name}_not_a_day")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise _Wrong(f"{name}_not_a_day") from error
    if day.year not in _YEARS:
        raise _Wrong(f"{name}_not_a_day")
    return day
