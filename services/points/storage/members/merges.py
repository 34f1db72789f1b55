"""Merges of accounts: who was merged into whom, and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.lots import OpenLot
from services.points.domain.ledger.moves import source_of_part
from services.points.storage.ledger.lots import LOT_COLUMNS, read_lot
from shared.db import driver

_COLUMNS = (
    "merge_id, merged_id, survivor_id, points, reason_code, note, made_by, recorded_at, "
    "undone_by, undone_at, restored"
)


@dataclass(slots=True)
class StoredMerge:
    """A merge as stored. `points` moved, negative for a debt; `restored` went back."""

    merge_id: UUID
    merged_id: UUID
    survivor_id: UUID
    points: int
    reason_code: str
    note: str
    made_by: str
    recorded_at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None
    restored: int | None = None


async def find_merge(session: AsyncSession, program_id: UUID, merge_id: UUID) -> StoredMerge | None:
    """The merge. Its accounts' locks guard it."""
    return await _find(session, "merge_id = $2", program_id, merge_id)


async def find_merge_in_force(
    session: AsyncSession, program_id: UUID, merged_id: UUID
) -> StoredMerge | None:
    """The merge by which this account went into another."""
    return await _find(session, "merged_id = $2 AND undone_at IS NULL", program_id, merged_id)


async def _find(session: AsyncSession, condition: str, *values: Any) -> StoredMerge | None:
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM account_merge WHERE program_id = $1 AND {condition}", *values
    )
    return None if row is None else StoredMerge(**dict(row))


async def insert_merge(session: AsyncSession, program_id: UUID, made: StoredMerge) -> None:
    """Store it, and let the survivor have used what the merged account used of limits, and have
    heard what was told of it."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO account_merge (program_id, merge_id, merged_id, survivor_id, points, "
        "reason_code, note, made_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        program_id,
        made.merge_id,
        made.merged_id,
        made.survivor_id,
        made.points,
        made.reason_code,
        made.note,
        made.made_by,
        made.recorded_at,
    )
    await connection.execute(
        """
        INSERT INTO cap_usage AS u (program_id, account_id, cap, period, points, times, last_at)
        SELECT program_id, $3, cap, period, points, times, last_at FROM cap_usage
        WHERE program_id = $1 AND account_id = $2
        ON CONFLICT (program_id, account_id, cap, period) DO UPDATE
        SET points = u.points + excluded.points, times = u.times + excluded.times,
            last_at = greatest(u.last_at, excluded.last_at)
        """,
        program_id,
        made.merged_id,
        made.survivor_id,
    )
    await connection.execute(
        """
        INSERT INTO activation_event AS e
            (program_id, account_id, event, about_id, told_by, told_at)
        SELECT program_id, $3, event, CASE about_id WHEN $2 THEN $3 ELSE about_id END, told_by,
               told_at
        FROM activation_event WHERE program_id = $1 AND account_id = $2
        ON CONFLICT (program_id, account_id, event, about_id) DO UPDATE
        SET told_by = excluded.told_by, told_at = excluded.told_at
        WHERE e.told_at < excluded.told_at
        """,
        program_id,
        made.merged_id,
        made.survivor_id,
    )


async def close_merge(session: AsyncSession, program_id: UUID, undone: StoredMerge) -> None:
    """It was undone."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE account_merge SET undone_by = $3, undone_at = $4, restored = $5 "
        "WHERE program_id = $1 AND merge_id = $2",
        program_id,
        undone.merge_id,
        undone.undone_by,
        undone.undone_at,
        undone.restored,
    )


async def list_accounts_of(
    session: AsyncSession, program_id: UUID, member_id: UUID
) -> dict[str, UUID]:
    """The member's accounts by wallet, points among them, read without locks."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT wallet, account_id FROM account WHERE program_id = $1 AND account_id = $2 "
        "UNION ALL SELECT wallet, account_id FROM account "
        "WHERE program_id = $1 AND member_id = $2 AND account_id <> member_id",
        program_id,
        member_id,
    )
    return {row["wallet"]: row["account_id"] for row in rows}


async def list_emptied_lots(
    session: AsyncSession, program_id: UUID, receiver_id: UUID, move_id: UUID
) -> dict[int, OpenLot]:
    """The lots that the merge `move_id` emptied, by the versions of the lots made of them."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {LOT_COLUMNS}
        FROM posting o
        JOIN lot_take t ON (t.program_id, t.account_id, t.version)
                         = (o.program_id, o.account_id, o.version)
        JOIN lot l ON (l.program_id, l.account_id, l.version)
                    = (t.program_id, t.account_id, t.lot_version)
        JOIN posting p ON (p.program_id, p.account_id, p.version)
                        = (l.program_id, l.account_id, l.version)
        WHERE o.program_id = $1 AND o.source_kind = 'merge' AND o.source_id = $2
        """,
        program_id,
        move_id,
    )
    emptied = {source_of_part("merge", move_id, row["version"]): read_lot(row) for row in rows}
    made = await connection.fetch(
        "SELECT source_id, version FROM posting WHERE program_id = $1 AND account_id = $2 "
        "AND source_kind = 'merge' AND source_id = ANY ($3::uuid[])",
        program_id,
        receiver_id,
        list(emptied),
    )
    return {row["version"]: emptied[row["source_id"]] for row in made}


async def find_debt_paid(
    session: AsyncSession, program_id: UUID, source_id: UUID, open_lots: Iterable[OpenLot]
) -> tuple[int, list[tuple[OpenLot, int]]]:
    """The debt that this source moved, and what of which lots paid it.

    Lots with points left are those of `open_lots`, the same objects.
    """
    connection = await driver(session)
    debt = await connection.fetchval(
        "SELECT -points FROM posting WHERE program_id = $1 AND source_kind = 'merge_debt' "
        "AND source_id = $2",
        program_id,
        source_id,
    )
    rows = await connection.fetch(
        f"""
        SELECT {LOT_COLUMNS}, t.points AS taken
        FROM posting d
        JOIN lot_take t ON (t.program_id, t.account_id, t.version)
                         = (d.program_id, d.account_id, d.version)
        JOIN lot l ON (l.program_id, l.account_id, l.version)
                    = (t.program_id, t.account_id, t.lot_version)
        JOIN posting p ON (p.program_id, p.account_id, p.version)
                        = (l.program_id, l.account_id, l.version)
        WHERE d.program_id = $1 AND d.source_kind = 'merge_debt' AND d.source_id = $2
        ORDER BY l.version
        """,
        program_id,
        source_id,
    )
    known = {lot.version: lot for lot in open_lots}
    parts = [(known.get(row["version"]) or read_lot(row), row["taken"]) for row in rows]
    return int(debt or 0), parts
