"""Lines, policies, receipts and accounts for tests of the rules."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Cause
from services.points.domain.receipts.earning import Policy, Rating, rate_lines
from services.points.domain.receipts.earning_rates import Levels, Rate
from services.points.domain.receipts.pos_records import POSTED, Stored
from services.points.domain.receipts.receipts import (
    Bounds,
    Line,
    Receipt,
    ReceiptKey,
    Shop,
    transaction_id_of,
)
from shared.ids import new_id

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SHOP = UUID("0199f3a2-0000-7000-8000-000000000001")
PROGRAM = UUID("0199f3a2-0000-7000-8000-00000000000a")
BOUNDS = Bounds(timedelta(minutes=5), timedelta(days=400))


def make_policy(programme: Rate | None = None, **fields: Any) -> Policy:
    """A policy of version 1; one point for each full 1.00 unless told. `fields` are those of
    `Levels` or of `Policy`."""
    names = {"malls", "categories", "brands", "shops", "combine", "rules", "rules_combine"}
    named = {name: fields.pop(name) for name in names & set(fields)}
    fields.setdefault("version", 1)
    fields.setdefault("effective_from", NOON - timedelta(days=1_000))
    return Policy(levels=Levels(programme or Rate(1, 100), **named), **fields)


def make_lines(*amounts: int, category: str = "fashion") -> tuple[Line, ...]:
    """Lines numbered from 1."""
    return tuple(Line(n, category, None, 1, amount, 0) for n, amount in enumerate(amounts, 1))


def make_refund_lines(*parts: tuple[int, int]) -> tuple[Line, ...]:
    """Lines that undo `(sold line, amount)`."""
    return tuple(
        Line(n, "fashion", None, 1, amount, 0, sold) for n, (sold, amount) in enumerate(parts, 1)
    )


def rate(policy: Policy, *amounts: int, category: str = "fashion") -> Rating:
    """What such lines are worth."""
    return rate_lines(policy, SHOP, make_lines(*amounts, category=category))


def make_shop(**fields: Any) -> Shop:
    """A shop in Shanghai that is open."""
    values = {
        "shop_id": SHOP,
        "mall_id": SHOP,
        "time_zone": "Asia/Shanghai",
        "currency": "CNY",
        "is_open": True,
    }
    return Shop(**{**values, **fields})


def make_receipt(**fields: Any) -> Receipt:
    """A plausible anonymous sale of 100.00."""
    lines = fields.get("lines", make_lines(10_000))
    key = ReceiptKey(SHOP, "T1", "R1", date(2026, 3, 10))
    values = {
        "transaction_id": transaction_id_of(PROGRAM, key),
        "kind": "sale",
        "key": key,
        "purchased_at": NOON,
        "currency": "CNY",
        "total_minor": sum(line.amount_minor for line in lines),
        "tendered_minor": None,
        "lines": lines,
        "member_id": None,
        "member_number": None,
        "original": None,
        "original_id": None,
        "content": "{}",
        "fingerprint": b"",
    }
    return Receipt(**{**values, **fields})


def make_stored(lines: tuple[Line, ...], policy: Policy | None = None, **fields: Any) -> Stored:
    """A posted sale of those lines, rated but not yet in any books."""
    transaction_id = new_id()
    values: dict[str, Any] = {
        "transaction_id": transaction_id,
        "kind": "sale",
        "status": POSTED,
        "receipt_id": transaction_id,
        "fingerprint": b"",
        "shop_id": SHOP,
        "mall_id": SHOP,
        "till_id": "T1",
        "receipt_number": "R1",
        "business_date": NOON.date(),
        "purchased_at": NOON,
        "recorded_at": NOON,
        "currency": "CNY",
        "time_zone": "Asia/Shanghai",
        "total_minor": sum(line.amount_minor for line in lines),
        "member_id": None,
        "awaited_number": None,
        "lines": lines,
        "rating": rate_lines(policy or make_policy(), SHOP, lines),
    }
    return Stored(**{**values, **fields})


def make_stored_refund(sale: Stored, *parts: tuple[int, int]) -> Stored:
    """A refund of `(sold line, amount)` parts, not yet applied."""
    return make_stored(
        make_refund_lines(*parts), kind="refund", receipt_id=sale.transaction_id, rating=None
    )


def make_account(*timeline: tuple[datetime, str], **fields: Any) -> Account:
    """An open, empty account."""
    member_id = new_id()
    values: dict[str, Any] = {
        "account_id": member_id,
        "member_id": member_id,
        "wallet": "points",
        "is_open": True,
        "balance": 0,
        "version": 0,
        "timeline": timeline,
    }
    return Account(**{**values, **fields})


def make_cause(kind: str = "adjustment") -> Cause:
    """A cause of its own each time."""
    return Cause(kind, "adjustment", kind, new_id(), "{}")
