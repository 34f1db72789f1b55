"""Lines of an export."""

import csv
from datetime import UTC, datetime
from uuid import UUID

from services.points.domain.accounting.export_rows import (
    LEDGER_COLUMNS,
    STATEMENT_COLUMNS,
    header_of,
    line_of,
)

POSTING = {
    "account_id": UUID(int=1),
    "member_id": None,
    "wallet": "points",
    "wallet_name": None,
    "version": 1,
    "recorded_at": datetime(2026, 3, 10, 12, tzinfo=UTC),
    "purchased_at": None,
    "kind": "adjustment",
    "counter_account": "adjustment",
    "points": -5,
    "balance_after": 95,
    "source_kind": "adjustment",
    "source_id": UUID(int=2),
    "mall_id": None,
    "shop_id": None,
    "reason": {"rule": "adjustment", "reason_code": "goodwill", "note": "=1+1"},
}


def test_a_line_of_the_ledger_has_all_of_a_posting_and_its_reason_as_json() -> None:
    [header, line] = csv.reader([header_of("ledger"), line_of("ledger", POSTING)])
    assert tuple(header) == LEDGER_COLUMNS
    found = dict(zip(header, line, strict=True))
    assert (found["account_id"], found["points"]) == (str(UUID(int=1)), "-5")
    assert found["recorded_at"] == "2026-03-10T12:00:00Z"
    assert found["reason"].startswith('{"note": "=1+1"')


def test_a_line_of_a_statement_says_why_in_two_languages() -> None:
    [header, line] = csv.reader([header_of("statement"), line_of("statement", POSTING)])
    assert tuple(header) == STATEMENT_COLUMNS
    found = dict(zip(header, line, strict=True))
    assert "goodwill" in found["en"]
    assert "goodwill" in found["zh-CN"]
    assert "account_id" not in found


def test_a_statements_line_calls_what_another_wallet_holds_by_its_name() -> None:
    stars = {**POSTING, "wallet": "stars", "wallet_name": "Stars"}
    [header, line] = csv.reader([header_of("statement"), line_of("statement", stars)])
    found = dict(zip(header, line, strict=True))
    assert (found["en"], found["zh-CN"]) == (
        "Adjusted by staff by -5 Stars, reason goodwill.",
        "人工调整-5Stars，原因：goodwill。",
    )
