"""Receipts: set-based reading, locking and writing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.reach import MemberDay
from services.campaigns.domain.receipts.receipts import (
    Line,
    Receipt,
    Refund,
    Sale,
    StoredReceipt,
    judged_lines,
    local_time,
    merge,
    to_be_judged,
)
from services.campaigns.storage.columns import columns_of
from shared.db import Driver, driver

# In the order of `StoredReceipt` and its `Sale`, the refunds behind the lines.
_COLUMNS = """receipt_id, member_id, mall_id, shop_id, till_id, receipt_number, business_date,
purchased_at, time_zone, currency, total_minor, lines, refunds, shop_brand, shop_category,
shop_is_known"""

# What judging a receipt takes. That there were no refunds, as for most, need not be decoded.
_JUDGED = """receipt_id, member_id, mall_id, shop_id, purchased_at, time_zone, currency,
total_minor, lines, CASE WHEN refunds::text <> '[]' THEN refunds END AS refunds, shop_brand,
shop_category"""

_INSERT = """
INSERT INTO receipt (program_id, receipt_id, member_id, mall_id, shop_id, till_id, receipt_number,
    business_date, purchased_at, local_day, time_zone, currency, total_minor, net_minor, lines,
    refunds, shop_brand, shop_category, shop_is_known)
SELECT $1, n.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
    $8::date[], $9::timestamptz[], $10::date[], $11::text[], $12::text[], $13::bigint[],
    $14::bigint[], $15::json[], $16::json[], $17::text[], $18::text[], $19::bool[]) AS n
ON CONFLICT (program_id, receipt_id) DO NOTHING RETURNING receipt_id
"""

_UPDATE = """
UPDATE receipt r SET member_id = n.member_id, mall_id = n.mall_id, shop_id = n.shop_id,
    till_id = n.till_id, receipt_number = n.receipt_number, business_date = n.business_date,
    purchased_at = n.purchased_at, local_day = n.local_day, time_zone = n.time_zone,
    currency = n.currency, total_minor = n.total_minor, net_minor = n.net_minor, lines = n.lines,
    refunds = n.refunds, shop_brand = n.shop_brand, shop_category = n.shop_category,
    shop_is_known = n.shop_is_known
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
    $8::date[], $9::timestamptz[], $10::date[], $11::text[], $12::text[], $13::bigint[],
    $14::bigint[], $15::json[], $16::json[], $17::text[], $18::text[], $19::bool[])
    AS n (receipt_id, member_id, mall_id, shop_id, till_id, receipt_number, business_date,
          purchased_at, local_day, time_zone, currency, total_minor, net_minor, lines, refunds,
          shop_brand, shop_category, shop_is_known)
WHERE r.program_id = $1 AND r.receipt_id = n.receipt_id
"""


async def store_receipts(
    session: AsyncSession, program_id: UUID, news: Sequence[StoredReceipt]
) -> tuple[dict[UUID, Receipt], set[UUID]]:
    """Merge what was heard into the stored receipts, locking them in ascending order.

    `news` has one entry a receipt. Returns those of the new or changed receipts whose sale has
    come, and the ids of the new ones. A repeat changes nothing and is not returned.
    """
    connection = await driver(session)
    ordered = sorted(news, key=lambda r: r.receipt_id)
    heard = to_be_judged(ordered)
    rows = await connection.fetch(_INSERT, program_id, *_columns_of(ordered, heard))
    fresh = {row["receipt_id"] for row in rows}
    if len(fresh) == len(ordered):
        return heard, fresh
    older = {r.receipt_id: r for r in ordered if r.receipt_id not in fresh}
    updates = []
    for known in await _lock(connection, program_id, sorted(older)):
        merged = merge(known, older[known.receipt_id])
        if merged != known:
            updates.append(merged)
    changed = to_be_judged(updates)
    if updates:
        await connection.execute(_UPDATE, program_id, *_columns_of(updates, changed))
    return {i: r for i, r in heard.items() if i in fresh} | changed, fresh


def _columns_of(
    stored: Sequence[StoredReceipt], receipts: Mapping[UUID, Receipt]
) -> list[list[Any]]:
    return columns_of([_row_of(one, receipts.get(one.receipt_id)) for one in stored])


def _row_of(stored: StoredReceipt, receipt: Receipt | None) -> tuple[Any, ...]:
    refunds = "[]"
    if stored.refunds:
        refunds = json.dumps([[str(r.transaction_id), r.lines] for r in stored.refunds])
    sale = stored.sale
    if sale is None or receipt is None:
        absent = [None] * 10
        return (stored.receipt_id, stored.member_id, *absent, 0, "[]", refunds, None, None, True)
    return (
        stored.receipt_id,
        stored.member_id,
        sale.mall_id,
        sale.shop_id,
        sale.till_id,
        sale.receipt_number,
        sale.business_date,
        sale.purchased_at,
        receipt.local_day,
        sale.time_zone,
        sale.currency,
        sale.total_minor,
        receipt.net_minor,
        _text_of(sale.lines),
        refunds,
        sale.shop_brand,
        sale.shop_category,
        sale.shop_is_known,
    )


def _text_of(lines: Iterable[Line]) -> str:
    """JSON, by hand: this is done for every line that is sold."""
    parts = [f"[{n},{_quoted(c)},{_quoted(b)},{a},{m}]" for n, c, b, a, m in lines]
    return "[" + ",".join(parts) + "]"


@lru_cache(maxsize=10_000)
def _quoted(code: str | None) -> str:
    return json.dumps(code)


def receipt_of(row: Any) -> StoredReceipt:
    """The receipt in a row of `_COLUMNS`."""
    receipt_id, member_id, mall_id, *of_sale, lines, refunds, brand, category, is_known = row
    heard = tuple(
        Refund(UUID(transaction_id), tuple((n, a) for n, a in parts))
        for transaction_id, parts in refunds
    )
    sale = None
    if row["purchased_at"] is not None:
        sold = tuple([Line(*line) for line in lines])
        sale = Sale._make((mall_id, *of_sale, sold, brand, category, is_known))
    return StoredReceipt(receipt_id, member_id, sale, heard)


def _judged(row: Any) -> Receipt:
    """The receipt to be judged, in a row of `_JUDGED` whose sale has come."""
    (
        receipt_id,
        member_id,
        mall_id,
        shop_id,
        at,
        zone,
        currency,
        total,
        lines,
        parts,
        brand,
        category,
    ) = row
    refunds = [Refund(UUID(i), tuple((n, a) for n, a in given)) for i, given in parts or ()]
    local_at = local_time(at, zone)
    sold = tuple([Line(*line) for line in lines])
    left = judged_lines(sold, total, brand, category, refunds)
    return Receipt(
        receipt_id, member_id, mall_id, shop_id, at, local_at, currency, left, local_at.date()
    )


async def _lock(
    connection: Driver, program_id: UUID, receipt_ids: Sequence[UUID]
) -> list[StoredReceipt]:
    if not receipt_ids:
        return []
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM receipt WHERE program_id = $1 AND receipt_id = ANY ($2::uuid[]) "
        "ORDER BY receipt_id FOR NO KEY UPDATE",
        program_id,
        receipt_ids,
    )
    return [receipt_of(row) for row in rows]


async def lock_receipts(
    session: AsyncSession, program_id: UUID, receipt_ids: Iterable[UUID]
) -> dict[UUID, StoredReceipt]:
    """Those receipts that exist, locked in ascending order."""
    found = await _lock(await driver(session), program_id, sorted(set(receipt_ids)))
    return {r.receipt_id: r for r in found}


async def list_receipts_of_days(
    session: AsyncSession, program_id: UUID, member_days: Sequence[MemberDay], known: Sequence[UUID]
) -> list[Receipt]:
    """Receipts of these members on these local days, without those that are `known`."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {_JUDGED} FROM unnest($2::uuid[], $3::date[]) AS d (m, day)
            JOIN receipt ON member_id = d.m AND local_day = d.day
        WHERE program_id = $1 AND receipt_id NOT IN (SELECT unnest($4::uuid[]))
        """,
        program_id,
        [member_id for member_id, _ in member_days],
        [day for _, day in member_days],
        known,
    )
    return [_judged(row) for row in rows]


async def list_receipts(
    session: AsyncSession, program_id: UUID, receipt_ids: Sequence[UUID]
) -> list[Receipt]:
    """Those of these receipts whose sale has come."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {_JUDGED} FROM receipt WHERE program_id = $1 AND receipt_id = ANY ($2::uuid[]) "
        "AND purchased_at IS NOT NULL",
        program_id,
        receipt_ids,
    )
    return [_judged(row) for row in rows]


async def list_receipts_since(
    session: AsyncSession, program_id: UUID, since: dict[UUID, datetime]
) -> list[StoredReceipt]:
    """What each member bought since an instant of their own."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM receipt JOIN unnest($2::uuid[], $3::timestamptz[]) AS s (m, since)
            ON member_id = s.m AND purchased_at >= s.since
        WHERE program_id = $1
        """,
        program_id,
        list(since),
        list(since.values()),
    )
    return [receipt_of(row) for row in rows]
