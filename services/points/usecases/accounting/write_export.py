"""A job's step: the next chunk of the next file that somebody asked for."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.export_rows import header_of, line_of
from services.points.storage.accounting.exports import (
    finish_export,
    insert_chunk,
    list_next_postings,
    take_open_export,
    take_snapshot,
)

POSTINGS_MAX = 5_000


async def write_export(
    session: AsyncSession, now: datetime, kind: str, postings_max: int = POSTINGS_MAX
) -> int:
    """Take the snapshot, or write a chunk, or finish the oldest file of the kind. Returns 1, or 0
    when none is open. Each kind is written in turn by a job of its own, so that members' statements
    and the ledger do not wait for each other.

    Each step is one transaction with its cursor: killed anywhere, the next step goes on.
    """
    export = await take_open_export(session, kind)
    if export is None:
        return 0
    if export.snapshot_at is None:
        await take_snapshot(session, export, now)
        await insert_chunk(session, export, header_of(export.kind), 0, ())
        return 1
    seen = await list_next_postings(session, export, postings_max)
    if not seen:
        await finish_export(session, export, now)
        return 1
    lines = [line_of(export.kind, posting) for posting in seen if posting["is_wanted"]]
    await insert_chunk(session, export, "".join(lines), len(lines), seen)
    return 1
