"""Exports on their way: a snapshot of which postings, then chunks of the file."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver

LEDGER = "ledger"
STATEMENT = "statement"
_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class OpenExport:
    """An export that is being written, locked by whoever works on it."""

    program_id: UUID
    export_id: UUID
    kind: str
    member_id: UUID | None
    from_at: datetime | None
    until_at: datetime | None
    snapshot_at: datetime | None
    chunks: int
    cursor_account: UUID | None
    cursor_version: int | None


class ExportAsked(NamedTuple):
    """Which file: one member's statement or, without, the whole ledger; what was recorded from
    `from_at` to before `until_at`; and who asks."""

    member_id: UUID | None
    from_at: datetime | None
    until_at: datetime | None
    made_by: str

    @property
    def kind(self) -> str:
        """Which job writes it."""
        return LEDGER if self.member_id is None else STATEMENT


async def lock_exports_of(session: AsyncSession, program_id: UUID, made_by: str) -> None:
    """One question of an asker at a time: the lock ends with the transaction."""
    connection = await driver(session)
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('export' || $1 || $2, 0))",
        str(program_id),
        made_by,
    )


async def list_open_exports_of(
    session: AsyncSession, program_id: UUID, made_by: str
) -> list[tuple[UUID, ExportAsked]]:
    """What the asker asked for and is not written yet, with its id."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT export_id, member_id, from_at, until_at, made_by FROM export "
        "WHERE program_id = $1 AND made_by = $2 AND status = 'open'",
        program_id,
        made_by,
    )
    return [(row[0], ExportAsked(*row[1:])) for row in rows]


async def has_account(session: AsyncSession, program_id: UUID, member_id: UUID) -> bool:
    """Whether the member has been heard of."""
    connection = await driver(session)
    found = await connection.fetchval(
        "SELECT true FROM account WHERE program_id = $1 AND account_id = $2 "
        "AND status <> 'awaited'",
        program_id,
        member_id,
    )
    return bool(found)


async def insert_export(
    session: AsyncSession,
    program_id: UUID,
    export_id: UUID,
    asked: ExportAsked,
    now: datetime,
) -> None:
    """A file to be written."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO export (program_id, export_id, kind, status, member_id, from_at, until_at,
                            made_by, made_at)
        VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8)
        """,
        program_id,
        export_id,
        asked.kind,
        *asked,
        now,
    )


async def take_open_export(session: AsyncSession, kind: str) -> OpenExport | None:
    """The oldest open export of the kind that nobody works on, locked."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT program_id, export_id, kind, member_id, from_at, until_at, snapshot_at, chunks, "
        "cursor_account, cursor_version FROM export WHERE status = 'open' "
        "AND kind = $1 ORDER BY made_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        kind,
    )
    return None if row is None else OpenExport(*row)


async def take_snapshot(session: AsyncSession, export: OpenExport, now: datetime) -> None:
    """Note each account's versions, in one statement and so at one instant.

    Postings are append-only and an account's versions have no gaps: this names what the file will
    hold, whatever is posted while it is written.
    """
    connection = await driver(session)
    source = "_ranged" if export.from_at or export.until_at else "_whole"
    await connection.execute(
        _SNAPSHOTS[source],
        export.program_id,
        export.export_id,
        export.member_id,
        *((export.from_at, export.until_at) if source == "_ranged" else ()),
    )
    await connection.execute(
        "UPDATE export SET snapshot_at = $3, postings_total = "
        "(SELECT coalesce(sum(last_version - first_version + 1), 0) FROM export_account "
        "WHERE program_id = $1 AND export_id = $2) WHERE program_id = $1 AND export_id = $2",
        export.program_id,
        export.export_id,
        now,
    )


_SNAPSHOTS = {
    "_whole": """
        INSERT INTO export_account (program_id, export_id, account_id, first_version, last_version)
        SELECT $1, $2, account_id, 1, version FROM account
        WHERE program_id = $1 AND version > 0
          AND ($3::uuid IS NULL OR account_id = $3 OR member_id = $3)""",
    "_ranged": """
        INSERT INTO export_account (program_id, export_id, account_id, first_version, last_version)
        SELECT $1, $2, p.account_id, min(p.version), max(p.version)
        FROM posting p JOIN account a USING (program_id, account_id)
        WHERE p.program_id = $1 AND ($3::uuid IS NULL OR a.account_id = $3 OR a.member_id = $3)
          AND p.recorded_at >= coalesce($4::timestamptz, '-infinity')
          AND p.recorded_at < coalesce($5::timestamptz, 'infinity')
        GROUP BY p.account_id""",
}


async def list_next_postings(
    session: AsyncSession, export: OpenExport, limit: int
) -> Sequence[Any]:
    """The postings after the cursor, by account and version; those out of bounds among them."""
    connection = await driver(session)
    return await connection.fetch(
        """
        SELECT p.account_id, a.member_id, a.wallet, w.name AS wallet_name, p.version,
               p.recorded_at, p.purchased_at, p.kind, p.counter_account, p.points,
               p.balance_after, p.source_kind, p.source_id, p.mall_id, p.shop_id, p.reason,
               p.recorded_at >= coalesce($6::timestamptz, '-infinity')
               AND p.recorded_at < coalesce($7::timestamptz, 'infinity') AS is_wanted
        FROM export_account e
        JOIN posting p ON p.program_id = e.program_id AND p.account_id = e.account_id
                      AND p.version BETWEEN e.first_version AND e.last_version
        JOIN account a ON a.program_id = e.program_id AND a.account_id = e.account_id
        LEFT JOIN wallet_type w ON w.program_id = a.program_id AND w.wallet = a.wallet
        WHERE e.program_id = $1 AND e.export_id = $2 AND e.account_id >= $3
          AND (e.account_id, p.version) > ($3, $4)
        ORDER BY e.account_id, p.version LIMIT $5
        """,
        export.program_id,
        export.export_id,
        export.cursor_account or _NO_ID,
        export.cursor_version or 0,
        limit,
        export.from_at,
        export.until_at,
    )


async def insert_chunk(
    session: AsyncSession,
    export: OpenExport,
    content: str,
    rows: int,
    seen: Sequence[Any],
) -> None:
    """Add to the file and move the cursor behind the last posting seen."""
    connection = await driver(session)
    ids = (export.program_id, export.export_id)
    await connection.execute(
        "INSERT INTO export_chunk (program_id, export_id, chunk_number, content) "
        "VALUES ($1, $2, $3, $4)",
        *ids,
        export.chunks + 1,
        content,
    )
    await connection.execute(
        "UPDATE export SET chunks = chunks + 1, rows = rows + $3, bytes = bytes + $4, "
        "postings_seen = postings_seen + $5, cursor_account = coalesce($6, cursor_account), "
        "cursor_version = coalesce($7, cursor_version) WHERE program_id = $1 AND export_id = $2",
        *ids,
        rows,
        len(content.encode()),
        len(seen),
        seen[-1]["account_id"] if seen else None,
        seen[-1]["version"] if seen else None,
    )


async def finish_export(session: AsyncSession, export: OpenExport, now: datetime) -> None:
    """The file is whole: say so, with the SHA-256 of its bytes."""
    connection = await driver(session)
    ids = (export.program_id, export.export_id)
    digest = hashlib.sha256()
    for number in range(1, export.chunks + 1):
        digest.update((await connection.fetchval(CHUNK, *ids, number)).encode())
    await connection.execute(
        "UPDATE export SET status = 'ready', sha256 = $3, ready_at = $4 "
        "WHERE program_id = $1 AND export_id = $2",
        *ids,
        digest.hexdigest(),
        now,
    )
    await connection.execute(
        "DELETE FROM export_account WHERE program_id = $1 AND export_id = $2", *ids
    )


CHUNK = (
    "SELECT content FROM export_chunk "
    "WHERE program_id = $1 AND export_id = $2 AND chunk_number = $3"
)


async def drop_exports(session: AsyncSession, before: datetime) -> int:
    """Drop the files that were ready before then. Returns how many."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        WITH old AS (
            UPDATE export SET status = 'dropped' WHERE status = 'ready' AND ready_at < $1
            RETURNING program_id, export_id),
        gone AS (
            DELETE FROM export_chunk c USING old
            WHERE (c.program_id, c.export_id) = (old.program_id, old.export_id))
        SELECT export_id FROM old
        """,
        before,
    )
    return len(rows)
