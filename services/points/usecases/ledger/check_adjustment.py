"""The second pair of eyes: somebody else than its maker approves or rejects an adjustment."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_open
from services.points.domain.ledger.adjustments import (
    AWAITS_CHECK,
    POSTED,
    REJECTED,
    Adjustment,
    post_adjustment,
)
from services.points.domain.ledger.errors import AdjustmentClosed, AdjustmentUnknown, CheckedByMaker
from services.points.storage.expiry.given_points import load_given_terms
from services.points.storage.ledger.adjustments import close_adjustment, find_adjustment
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.pos_transactions import load_lots
from services.points.storage.wallets.wallets import lock_target


@dataclass(frozen=True, slots=True)
class Check:
    """Who looked, what they decided, and why."""

    checked_by: str
    is_approved: bool
    note: str


async def check_adjustment(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    adjustment_id: UUID,
    check: Check,
    origin: tuple[str, str],
) -> Adjustment:
    """Post what waits, or put it away. The same decision by the same person again is harmless.

    Raises `AdjustmentUnknown`, `AdjustmentClosed`, `CheckedByMaker`, and what posting raises:
    then it still waits.
    """
    seen = await find_adjustment(session, program_id, adjustment_id)
    if seen is None:
        raise AdjustmentUnknown("No such adjustment.")
    target = await lock_target(session, program_id, seen.member_id, seen.wallet)
    asked = await find_adjustment(session, program_id, adjustment_id)
    assert asked is not None
    status = POSTED if check.is_approved else REJECTED
    if asked.status != AWAITS_CHECK:
        if (asked.status, asked.checked_by) == (status, check.checked_by):
            return asked
        raise AdjustmentClosed(f"The adjustment is {asked.status}.", is_now=asked.status)
    if asked.made_by == check.checked_by:
        raise CheckedByMaker("Who asked for it cannot check it.")
    asked.checked_by, asked.checked_at, asked.check_note = check.checked_by, now, check.note
    asked.status = status
    if check.is_approved:
        check_open(target.member)
        asked.member_id = target.member.account_id
        if asked.points < 0:
            await load_lots(session, program_id, {target.account.account_id: target.account})
        write = Write()
        write.books.origin = origin
        given = await load_given_terms(session, program_id)
        asked.version, asked.balance_after = post_adjustment(
            write.books, target.account, asked, target.wallet, target.time_zone, given, now
        )
        await close_adjustment(session, program_id, asked)
        await write_books(session, program_id, now, write)
    else:
        await close_adjustment(session, program_id, asked)
    return asked
