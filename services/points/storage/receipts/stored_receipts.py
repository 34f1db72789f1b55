"""Receipts as stored: a sale with its rating, its refunds, and what waits for whom."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.earning import Policy, Rating, rate_lines
from services.points.domain.receipts.points_payments import Mismatch, tenders_as_paid
from services.points.domain.receipts.pos_records import Stored
from services.points.domain.receipts.receipts import Line
from shared.db import driver

_COLUMNS = """
t.transaction_id, t.kind, t.status, t.receipt_id, t.fingerprint, t.shop_id, t.mall_id, t.till_id,
t.receipt_number, t.business_date, t.purchased_at, t.recorded_at, t.total_minor, t.member_id,
t.awaited_number, t.content, t.policy_version, t.earned, t.clawed, t.points, t.balance_after,
t.trimmed, t.forgiven, t.notes::text AS notes, t.cashier_id, s.time_zone,
m.redeemed_minor, m.tendered_minor, m.claimed_minor
"""
_FROM = """FROM pos_transaction t
LEFT JOIN shop s ON (s.program_id, s.shop_id) = (t.program_id, t.shop_id)
LEFT JOIN payment_mismatch m
       ON (m.program_id, m.transaction_id) = (t.program_id, t.transaction_id)"""


async def list_by_id(
    session: AsyncSession,
    program_id: UUID,
    policies: Mapping[int, Policy],
    transaction_ids: Iterable[UUID],
) -> dict[UUID, Stored]:
    """Receipts by their id; placeholders are among them."""
    return await _list(
        session,
        f"SELECT {_COLUMNS} {_FROM} "
        "WHERE t.program_id = $1 AND t.transaction_id = ANY ($2::uuid[])",
        policies,
        program_id,
        sorted(transaction_ids),
    )


async def list_refunds(
    session: AsyncSession,
    program_id: UUID,
    policies: Mapping[int, Policy],
    receipt_ids: Iterable[UUID],
) -> dict[UUID, list[Stored]]:
    """Refunds by the sale that they name, in a fixed order."""
    found = await _list(
        session,
        f"SELECT {_COLUMNS} {_FROM} WHERE t.program_id = $1 AND t.kind = 'refund' "
        "AND t.status <> 'refused' "
        "AND t.receipt_id = ANY ($2::uuid[]) ORDER BY t.purchased_at, t.transaction_id",
        policies,
        program_id,
        sorted(receipt_ids),
    )
    by_receipt: dict[UUID, list[Stored]] = {}
    for stored in found.values():
        by_receipt.setdefault(stored.receipt_id, []).append(stored)
    return by_receipt


async def _list(
    session: AsyncSession, query: str, policies: Mapping[int, Policy], *args: Any
) -> dict[UUID, Stored]:
    connection = await driver(session)
    rows = await connection.fetch(query, *args)
    return {row["transaction_id"]: _stored(row, policies) for row in rows}


def _stored(row: Any, policies: Mapping[int, Policy]) -> Stored:
    content = row["content"] or {}
    lines = tuple(_line(line) for line in content.get("lines", ()))
    mismatch = None
    if row["redeemed_minor"] is not None:
        mismatch = Mismatch(row["redeemed_minor"], row["tendered_minor"], row["claimed_minor"])
    return Stored(
        transaction_id=row["transaction_id"],
        kind=row["kind"],
        status=row["status"],
        receipt_id=row["receipt_id"],
        fingerprint=row["fingerprint"] or b"",
        shop_id=row["shop_id"],
        mall_id=row["mall_id"],
        till_id=row["till_id"],
        receipt_number=row["receipt_number"],
        business_date=row["business_date"],
        purchased_at=row["purchased_at"],
        recorded_at=row["recorded_at"],
        currency=content.get("currency", ""),
        time_zone=row["time_zone"] or "UTC",
        total_minor=row["total_minor"] or 0,
        member_id=row["member_id"],
        awaited_number=row["awaited_number"],
        lines=lines,
        rating=_rating(row, policies, lines, mismatch),
        earned=row["earned"],
        clawed=row["clawed"],
        points=row["points"],
        balance_after=row["balance_after"],
        trimmed=row["trimmed"],
        forgiven=row["forgiven"],
        notes=row["notes"],
        cashier_id=row["cashier_id"],
        mismatch=mismatch,
    )


def _rating(
    row: Any, policies: Mapping[int, Policy], lines: tuple[Line, ...], mismatch: Mismatch | None
) -> Rating | None:
    """The worth of a sale by the policy that rated it; a refund has none of its own."""
    if row["policy_version"] is None:
        return None
    tenders = [(t["kind"], t["amount_minor"]) for t in row["content"].get("tenders", ())]
    policy, paid = policies[row["policy_version"]], tenders_as_paid(tenders, mismatch)
    return rate_lines(policy, row["shop_id"], lines, row["mall_id"], paid)


def _line(line: Mapping[str, Any]) -> Line:
    return Line(
        line["line_number"],
        line["category"],
        line.get("brand"),
        line["quantity"],
        line["amount_minor"],
        line.get("discount_minor", 0),
        line.get("original_line_number"),
        line.get("sku"),
        line.get("tax_minor", 0),
        line.get("is_delivery", False),
    )


async def find_members_of_receipts(
    session: AsyncSession, program_id: UUID, receipt_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Whose the receipts are, read without a lock: what to lock first."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT transaction_id, member_id FROM pos_transaction "
        "WHERE program_id = $1 AND transaction_id = ANY ($2::uuid[]) AND member_id IS NOT NULL",
        program_id,
        receipt_ids,
    )
    return {row["transaction_id"]: row["member_id"] for row in rows}


async def list_waiting_of(
    session: AsyncSession, program_id: UUID, numbers: Sequence[tuple[str, UUID]]
) -> dict[UUID, UUID]:
    """Sales that wait for these members: receipt to member. Lock the accounts before."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT t.transaction_id, m.member_id
        FROM unnest($2::text[], $3::uuid[]) AS m (number, member_id)
        JOIN pos_transaction t ON t.program_id = $1 AND t.awaited_number = m.number
        WHERE t.status = 'waiting_member' AND t.kind = 'sale'
        UNION
        SELECT t.transaction_id, t.member_id FROM pos_transaction t
        WHERE t.program_id = $1 AND t.member_id = ANY ($3::uuid[])
          AND t.status = 'waiting_member' AND t.kind = 'sale'
        """,
        program_id,
        [number for number, _ in numbers],
        [member_id for _, member_id in numbers],
    )
    return {row["transaction_id"]: row["member_id"] for row in rows}


async def insert_mismatches(
    session: AsyncSession, program_id: UUID, now: datetime, sales: Sequence[Stored]
) -> None:
    """Keep where these new sales and what points paid of them differ."""
    connection = await driver(session)
    rows = [(s.transaction_id, *s.mismatch) for s in sales if s.mismatch is not None]
    ids, redeemed, tendered, claimed = zip(*rows, strict=True)
    await connection.execute(
        "INSERT INTO payment_mismatch (program_id, recorded_at, transaction_id, redeemed_minor, "
        "tendered_minor, claimed_minor) "
        "SELECT $1, $2, * FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[])",
        program_id,
        now,
        ids,
        redeemed,
        tendered,
        claimed,
    )


async def insert_conflicts(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    conflicts: Sequence[tuple[UUID, bytes, str, str]],
) -> None:
    """Keep what was sent against a stored receipt: (id, fingerprint, content, sent by)."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO pos_conflict (program_id, transaction_id, fingerprint, content, sent_by,
                                  recorded_at)
        SELECT $1, id, fingerprint, content::json, sent_by, $6
        FROM unnest($2::uuid[], $3::bytea[], $4::text[], $5::text[])
             AS c (id, fingerprint, content, sent_by)
        ON CONFLICT DO NOTHING
        """,
        program_id,
        [c[0] for c in conflicts],
        [c[1] for c in conflicts],
        [c[2] for c in conflicts],
        [c[3] for c in conflicts],
        now,
    )
