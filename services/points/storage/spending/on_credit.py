"""Debts that captures and merges left, and what repaid them since, on whatever account owes them
now."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.lots import Repayment
from services.points.domain.spending.on_credit import Owing
from services.points.storage.ledger.lots import LOT_COLUMNS, read_lot
from shared.db import driver

# A merge that is in force moved the debt when its credit is the last posting of the account that
# it emptied: it repaid nothing, and what the survivor's lots paid at once, repaid it. Of a merge
# that was undone neither counts. A credit repays out of its own lot, or out of lots that it fills.
_OF_REDEMPTIONS = """
        SELECT redemption_id AS debt_id, account_id, version, 1 AS number
        FROM redemption WHERE program_id = $1 AND redemption_id = ANY ($2::uuid[])"""
_OF_MERGES = """
        SELECT source_id AS debt_id, account_id, version, 1 AS number
        FROM posting WHERE program_id = $1 AND source_kind = 'merge_debt'
         AND source_id = ANY ($2::uuid[])"""
_OWING = f"""
    WITH RECURSIVE owing AS (%s
        UNION ALL
        SELECT o.debt_id, a.merged_into, t.version, o.number + 1
        FROM owing o
        JOIN account a ON a.program_id = $1 AND a.account_id = o.account_id
         AND a.merged_into IS NOT NULL
        JOIN posting f ON (f.program_id, f.account_id, f.version)
                        = ($1, a.account_id, a.version)
         AND f.kind = 'merge_debt' AND f.points > 0 AND f.version > o.version
        JOIN posting t ON t.program_id = $1 AND t.account_id = a.merged_into
         AND t.kind = 'merge_debt' AND t.points < 0
         AND t.reason ->> 'move_id' = f.reason ->> 'move_id'
    ), repaid AS (
        SELECT o.debt_id, o.number, e.account_id AS payer_id, e.version AS at,
               e.reason -> 'nets' AS nets, t.points AS taken,
               t.lot_version
        FROM owing o
        JOIN posting e ON e.program_id = $1 AND e.account_id = o.account_id
         AND (e.version > o.version AND e.points > 0 AND e.kind <> 'merge_debt'
              OR e.version = o.version AND o.number > 1)
        JOIN lot_take t ON (t.program_id, t.account_id, t.version)
                         = ($1, e.account_id, e.version)
    )
    SELECT o.debt_id, o.number, o.version AS since,
           greatest(0, d.points - d.balance_after) AS ahead, r.payer_id, r.taken, r.nets,
           {LOT_COLUMNS}
    FROM owing o
    JOIN posting d ON (d.program_id, d.account_id, d.version) = ($1, o.account_id, o.version)
    LEFT JOIN repaid r ON (r.debt_id, r.number) = (o.debt_id, o.number)
    LEFT JOIN lot l ON (l.program_id, l.account_id, l.version)
                     = ($1, r.payer_id, r.lot_version)
    LEFT JOIN posting p ON (p.program_id, p.account_id, p.version)
                         = (l.program_id, l.account_id, l.version)
    ORDER BY o.debt_id, o.number, r.at, r.lot_version
"""


async def list_owing(
    session: AsyncSession, program_id: UUID, redemption_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Owing]]:
    """Who owed what these redemptions took on credit, and what they repaid, by redemption."""
    if not redemption_ids:
        return {}
    return await _list_owing(session, _OF_REDEMPTIONS, program_id, redemption_ids)


async def find_owing_of_merge(session: AsyncSession, program_id: UUID, source_id: UUID) -> Owing:
    """How the survivor owes what came by the posting of this source, and what they repaid."""
    [owing] = (await _list_owing(session, _OF_MERGES, program_id, [source_id]))[source_id]
    return owing


async def _list_owing(
    session: AsyncSession, debts: str, program_id: UUID, debt_ids: Sequence[UUID]
) -> dict[UUID, list[Owing]]:
    connection = await driver(session)
    rows = await connection.fetch(_OWING % debts, program_id, debt_ids)
    found: dict[UUID, list[Owing]] = {}
    for row in rows:
        owing = found.setdefault(row["debt_id"], [])
        if len(owing) < row["number"]:
            place = (row["since"], *(owing[-1].place if owing else ()))
            owing.append(Owing(place, row["ahead"], []))
        if row["taken"] is not None:
            owing[-1].repayments.append(_read_repayment(row))
    return found


def _read_repayment(row: Any) -> Repayment:
    lot = read_lot(row)
    nets = tuple(row["nets"] or ())
    return Repayment(row["payer_id"], lot.version, lot.terms, lot.source_id, row["taken"], nets)
