"""Staff merge two accounts of one person: all points go to the one that stays."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_open
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.ledger.ledger import Books
from services.points.domain.members.errors import MemberInPool, MergeWithSelf
from services.points.domain.members.merging import Merge, merge_account
from services.points.storage.ledger.accounts import touch_sales_of
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.merges import (
    StoredMerge,
    find_merge_in_force,
    insert_merge,
    list_accounts_of,
)
from services.points.storage.members.pools import find_pool_of
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from services.points.storage.wallets.wallets import open_wallet_accounts
from shared.contracts.points_changes import AccountsMerged
from shared.db import Collision
from shared.outbox import News, tell


@dataclass(frozen=True, slots=True)
class MergeAsked:
    """Whose account goes into whose, who asks, and why."""

    merged_id: UUID
    survivor_id: UUID
    reason_code: str
    note: str
    made_by: str


async def merge_accounts(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    merge_id: UUID,
    asked: MergeAsked,
    origin: tuple[str, str],
) -> tuple[StoredMerge, bool]:
    """Merge them, in all wallets. The same merge again is harmless: returns it, and False.

    What comes for the merged member from now on goes to the survivor, refunds of old receipts
    among it. Raises `MergeWithSelf`, `MemberUnknown`, `AccountMerged`, `AccountFrozen`,
    `AccountHasHolds`, `MemberInPool`.
    """
    if asked.merged_id == asked.survivor_id:
        raise MergeWithSelf("An account cannot be merged into itself.")
    pairs = await _lock_pairs(session, program_id, asked)
    merged, survivor = pairs["points"]
    if merged.merged_into == asked.survivor_id:
        stored = await find_merge_in_force(session, program_id, asked.merged_id)
        assert stored is not None
        return stored, False
    check_open(merged)
    check_open(survivor)
    if await find_pool_of(session, program_id, asked.merged_id) is not None:
        raise MemberInPool("The member must leave their household pool first.")
    write = Write()
    write.books.origin = origin
    points = _move_all(write.books, merge_id, asked, pairs)
    made = StoredMerge(
        merge_id,
        asked.merged_id,
        asked.survivor_id,
        points,
        asked.reason_code,
        asked.note,
        asked.made_by,
        now,
    )
    await insert_merge(session, program_id, made)
    await write_books(session, program_id, now, write)
    # What was used of limits went along, also where no point did.
    await touch_sales_of(session, program_id, asked.survivor_id)
    await tell(session, [News(_told(program_id, made), now)])
    return made, True


async def _lock_pairs(
    session: AsyncSession, program_id: UUID, asked: MergeAsked
) -> dict[str, tuple[Account, Account]]:
    """The accounts of both members by wallet, locked and with their lots."""
    wallets = await list_accounts_of(session, program_id, asked.merged_id)
    wallets.setdefault("points", asked.merged_id)
    targets = await open_wallet_accounts(
        session, program_id, [(asked.survivor_id, wallet) for wallet in wallets]
    )
    if len(targets) < len(wallets):
        raise MemberUnknown("No such member in this programme.")
    ids = {*wallets.values(), *targets.values()}
    accounts = await lock_accounts(session, program_id, ids)
    if await list_accounts_of(session, program_id, asked.merged_id) != wallets:
        raise Collision("The member got another wallet meanwhile.")
    await load_lots(session, program_id, {id_: accounts[id_] for id_ in ids})
    return {
        wallet: (accounts[account_id], accounts[targets[asked.survivor_id, wallet]])
        for wallet, account_id in sorted(wallets.items())
    }


def _move_all(
    books: Books, merge_id: UUID, asked: MergeAsked, pairs: dict[str, tuple[Account, Account]]
) -> int:
    """Move what every wallet has. Returns how much of it were points."""
    facts = {"merged_id": str(asked.merged_id), "survivor_id": str(asked.survivor_id)}
    moved = {
        wallet: merge_account(books, merged, survivor, Merge(merge_id, wallet, facts))
        for wallet, (merged, survivor) in pairs.items()
    }
    return moved["points"]


def _told(program_id: UUID, made: StoredMerge) -> AccountsMerged:
    return AccountsMerged(
        program_id=program_id,
        merge_id=made.merge_id,
        merged_member_id=made.merged_id,
        survivor_member_id=made.survivor_id,
        points=made.points,
        merged_at=made.recorded_at,
    )
