"""Somebody asks for a file of the ledger, or of one member's statement."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import TooManyExports
from services.points.domain.ledger.errors import MemberUnknown
from services.points.storage.accounting.exports import (
    count_open_exports,
    has_account,
    insert_export,
)

OPEN_MAX = 50


async def ask_export(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    export_id: UUID,
    member_id: UUID | None,
    bounds: tuple[datetime | None, datetime | None],
    made_by: str,
) -> None:
    """Note it for the job that writes files. Raises `MemberUnknown`, `TooManyExports`."""
    if member_id is not None and not await has_account(session, program_id, member_id):
        raise MemberUnknown("No such member in this programme.")
    if await count_open_exports(session, program_id) >= OPEN_MAX:
        raise TooManyExports("Too many files are being written. Try again in a while.")
    await insert_export(session, program_id, export_id, member_id, bounds, made_by, now)
