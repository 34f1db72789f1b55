"""Somebody asks for a file of the ledger, or of one member's statement."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import TooManyExports
from services.points.domain.ledger.errors import MemberUnknown
from services.points.storage.accounting.exports import (
    ExportAsked,
    has_account,
    insert_export,
    list_open_exports_of,
    lock_exports_of,
)

MEMBER_OPEN_MAX = 2
STAFF_OPEN_MAX = 10


class Made(NamedTuple):
    """The file that will be written, and whether it was not asked for before."""

    export_id: UUID
    is_new: bool


async def ask_export(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    export_id: UUID,
    asked: ExportAsked,
    *,
    is_member: bool,
) -> Made:
    """Note it for the jobs that write files, or give back what the same asker has open already:
    who repeats a request gets the same file. Each asker has a limit of their own, so that nobody
    keeps others from theirs. Raises `MemberUnknown`, `TooManyExports`.
    """
    if asked.member_id is not None and not await has_account(session, program_id, asked.member_id):
        raise MemberUnknown("No such member in this programme.")
    await lock_exports_of(session, program_id, asked.made_by)
    open_ones = await list_open_exports_of(session, program_id, asked.made_by)
    for open_id, same in open_ones:
        if same == asked:
            return Made(open_id, False)
    open_max = MEMBER_OPEN_MAX if is_member else STAFF_OPEN_MAX
    if len(open_ones) >= open_max:
        raise TooManyExports(
            f"{len(open_ones)} files of yours are being written. Fetch them first.",
            open=len(open_ones),
            open_max=open_max,
        )
    await insert_export(session, program_id, export_id, asked, now)
    return Made(export_id, True)
