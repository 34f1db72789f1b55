"""Staff close a case: what it froze is free again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.members.errors import FreezeUnknown
from services.points.domain.members.freezing import Freeze, thaw
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.ledger.change_news import ends_changed, thawed
from services.points.storage.members.freezes import (
    add_lot_of_case,
    close_freeze,
    find_freeze,
    lock_with_lots,
)
from services.points.storage.zones import load_zones
from shared.contracts.event import Event
from shared.outbox import News, tell


@dataclass(frozen=True, slots=True)
class ThawAsked:
    """Which case to close, who does it, and what came of it."""

    member_id: UUID
    case_id: UUID
    closed_by: str
    outcome: str


async def thaw_account(
    session: AsyncSession, now: datetime, program_id: UUID, asked: ThawAsked, grace_days: int
) -> Freeze:
    """Close the case. One that is closed is returned as it is. Raises `FreezeUnknown`."""
    account = await lock_with_lots(session, program_id, asked.member_id)
    case = await find_freeze(session, program_id, asked.member_id, asked.case_id)
    if case is None:
        raise FreezeUnknown("No such freeze of this member.")
    if case.closed_at is not None:
        return case
    await add_lot_of_case(session, program_id, account, case)
    case.closed_by, case.closed_at, case.outcome = asked.closed_by, now, asked.outcome
    write = Write()
    zone_of = await load_zones(session, program_id)
    longer = thaw(write.books, account, case, now, grace_days, zone_of)
    await close_freeze(session, program_id, case)
    await write_books(session, program_id, now, write)
    told = ends_changed(program_id, now, account, "thaw", longer)
    news: list[Event] = [thawed(program_id, now, account, case), *told]
    await tell(session, [News(event, now) for event in news])
    return case
