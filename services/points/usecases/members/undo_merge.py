"""A merge was a mistake: both members are themselves again, with what is left."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.members.errors import MergeNotLatest, MergeTooOld, MergeUnknown
from services.points.domain.members.merging import Merge, Undo, debt_source, undo_account
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.merges import (
    StoredMerge,
    close_merge,
    find_debt_paid,
    find_merge,
    list_accounts_of,
    list_emptied_lots,
)
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from services.points.storage.spending.on_credit import find_owing_of_merge
from shared.contracts.points_changes import AccountsMergeUndone
from shared.outbox import News, tell


async def undo_merge(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    merge_id: UUID,
    undone_by: str,
    window: timedelta,
    origin: tuple[str, str],
) -> StoredMerge:
    """Move back what is left of the lots that the merge moved, and the debt that it brought.

    What was earned since stays with the survivor, and what was spent stays spent. An undone merge
    is returned as it is. Raises `MergeUnknown`, `MergeTooOld`, `MergeNotLatest`, `AccountFrozen`,
    `AccountHasHolds`.
    """
    seen = await find_merge(session, program_id, merge_id)
    if seen is None:
        raise MergeUnknown("No such merge.")
    ids = set((await list_accounts_of(session, program_id, seen.merged_id)).values())
    accounts = await lock_accounts(session, program_id, {*ids, seen.survivor_id})
    stored = await find_merge(session, program_id, merge_id)
    assert stored is not None
    if stored.undone_at is not None:
        return stored
    if now > stored.recorded_at + window:
        raise MergeTooOld(f"Merges can be undone for {window.days} days.")
    write = Write()
    write.books.origin = origin
    restored = 0
    for account_id in sorted(ids):
        merged = accounts[account_id]
        assert merged.merged_into is not None
        survivor = accounts[merged.merged_into]
        if survivor.merged_into is not None:
            raise MergeNotLatest("The survivor was merged itself: undo that first.")
        points = await _undo(session, program_id, write, merged, survivor, stored)
        restored += points if merged.wallet == "points" else 0
    stored.undone_by, stored.undone_at, stored.restored = undone_by, now, restored
    await close_merge(session, program_id, stored)
    await write_books(session, program_id, now, write)
    event = AccountsMergeUndone(
        program_id=program_id,
        merge_id=merge_id,
        merged_member_id=stored.merged_id,
        survivor_member_id=stored.survivor_id,
        restored=restored,
        undone_at=now,
    )
    await tell(session, [News(event, now)])
    return stored


async def _undo(
    session: AsyncSession,
    program_id: UUID,
    write: Write,
    merged: Account,
    survivor: Account,
    stored: StoredMerge,
) -> int:
    facts = {"merged_id": str(stored.merged_id), "survivor_id": str(stored.survivor_id)}
    merge = Merge(stored.merge_id, merged.wallet, facts)
    await load_lots(session, program_id, {survivor.account_id: survivor})
    move_id = merge.move("merge").move_id
    emptied = await list_emptied_lots(session, program_id, survivor.account_id, move_id)
    source = debt_source(merge)
    debt, paid = await find_debt_paid(session, program_id, source, survivor.lots)
    is_covered = debt == sum(points for _, points in paid)
    owing = None if is_covered else await find_owing_of_merge(session, program_id, source)
    return undo_account(write.books, merged, survivor, merge, Undo(emptied, debt, paid, owing))
