"""Staff freeze an account, or one of its lots, with a case."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_open
from services.points.domain.members.freezing import Freeze, freeze, standing_case
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.ledger.change_news import frozen
from services.points.storage.members.freezes import find_freeze, insert_freeze, lock_with_lots
from shared.outbox import News, tell


@dataclass(frozen=True, slots=True)
class FreezeAsked:
    """What to freeze, who asks, and why. Without `lot_version` the whole account."""

    member_id: UUID
    lot_version: int | None
    reason_code: str
    note: str
    made_by: str


async def freeze_account(
    session: AsyncSession, now: datetime, program_id: UUID, case_id: UUID, asked: FreezeAsked
) -> tuple[Freeze, bool]:
    """Open a case. What is frozen already keeps its case: that is returned, and False.

    Raises `MemberUnknown`, `AccountMerged`, `LotUnknown`.
    """
    account = await lock_with_lots(session, program_id, asked.member_id)
    check_open(account)
    standing = standing_case(account, asked.lot_version)
    if standing is not None:
        found = await find_freeze(session, program_id, asked.member_id, standing)
        assert found is not None
        return found, False
    made = Freeze(
        case_id,
        asked.member_id,
        asked.lot_version,
        asked.reason_code,
        asked.note,
        asked.made_by,
        now,
    )
    write = Write()
    freeze(write.books, account, made)
    await insert_freeze(session, program_id, made)
    await write_books(session, program_id, now, write)
    await tell(session, [News(frozen(program_id, account, made), now)])
    return made, True
