"""Rows of opening balances: what is read, and each thing that can be wrong."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.accounting.opening_rows import OpeningRow, read_header, read_row

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
COLUMNS = ("reference", "member_number", "points", "earned_on", "expires_on", "wallet")
GOOD = {"reference": "old-1", "member_number": "600000000001", "points": 5,
        "earned_on": "2025-06-30"}  # fmt: skip


def read(**changes: Any) -> OpeningRow:
    fields = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    return read_row(1, json.dumps(fields), None, "Asia/Shanghai", NOW)


def test_days_are_the_programmes_and_the_last_day_counts() -> None:
    line = "old-1,600000000001,1200,2025-06-30,2027-06-30,stars"
    row = read_row(7, line, COLUMNS, "Asia/Shanghai", NOW)
    assert row == OpeningRow(
        7,
        "old-1",
        None,
        "600000000001",
        1200,
        datetime(2025, 6, 29, 16, tzinfo=UTC),
        datetime(2027, 6, 30, 16, tzinfo=UTC),
        "stars",
    )


def test_an_empty_cell_is_nothing() -> None:
    row = read_row(1, "old-1,600000000001,5,2025-06-30,,", COLUMNS, "UTC", NOW)
    assert (row.error, row.expires_at, row.wallet) == (None, None, "points")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"reference": None}, "reference_missing"),
        ({"reference": "a\nb"}, "reference_malformed"),
        ({"reference": 7}, "reference_malformed"),
        ({"member_number": None}, "name_the_member_once"),
        ({"member_id": "0199f3a2-c1d0-7b7e-8000-00000000000a"}, "name_the_member_once"),
        ({"member_number": "12"}, "member_number_malformed"),
        ({"member_number": None, "member_id": "me"}, "member_id_malformed"),
        ({"points": 0}, "points_not_positive_whole"),
        ({"points": -1}, "points_not_positive_whole"),
        ({"points": 1.0}, "points_not_positive_whole"),
        ({"points": True}, "points_not_positive_whole"),
        ({"points": "1e3"}, "points_not_positive_whole"),
        ({"points": 10**10}, "points_not_positive_whole"),
        ({"points": None}, "points_not_positive_whole"),
        ({"earned_on": None}, "earned_on_missing"),
        ({"earned_on": "30.06.2025"}, "earned_on_not_a_day"),
        ({"earned_on": "2025-02-30"}, "earned_on_not_a_day"),
        ({"earned_on": "0001-01-01"}, "earned_on_not_a_day"),
        ({"earned_on": "2026-03-12"}, "earned_on_in_future"),
        ({"expires_on": "2026-03-09"}, "expired_already"),
        ({"wallet": "Ä"}, "wallet_malformed"),
        ({"mall_id": "x" * 36}, "mall_id_malformed"),
        ({"surprise": 1}, "unknown_fields"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(changes: dict[str, Any], error: str) -> None:
    assert read(**changes).error == error


def test_points_that_can_be_used_to_the_end_of_today_are_not_gone_yet() -> None:
    assert read(expires_on="2026-03-10").error is None


@pytest.mark.parametrize(
    ("header", "is_good"),
    [
        ("reference,points,earned_on,member_id", True),
        (" reference , points,earned_on", True),
        ("reference,points", False),
        ("reference,points,earned_on,points", False),
        ("reference,points,earned_on,colour", False),
        ("", False),
        ('"reference', False),
    ],
)
def test_a_header_names_known_columns_once(header: str, is_good: bool) -> None:
    assert (read_header(header) is not None) == is_good


@given(st.text(), st.sampled_from([None, COLUMNS]))
def test_no_line_whatever_it_holds_raises(line: str, columns: tuple[str, ...] | None) -> None:
    row = read_row(1, line, columns, "UTC", NOW)
    assert row.error is not None
