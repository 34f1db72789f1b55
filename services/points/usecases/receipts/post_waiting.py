"""Receipts that named members before we knew them: post them now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.expiry.activations import load_told_events_of
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.attribution import attribute, hold_back
from services.points.storage.receipts.directory import load_directory
from services.points.storage.receipts.pos_transactions import load_lots, lock_pos_batch
from services.points.storage.receipts.stored_receipts import (
    list_by_id,
    list_refunds,
    list_waiting_of,
)
from services.points.storage.receipts.usages import limits_of, load_usages
from services.points.storage.reviews.cases import insert_cases
from services.points.storage.reviews.late_reviews import review_late_members

Origin = tuple[str, str]


async def post_waiting(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    members: Sequence[tuple[str, UUID]],
    origins: Mapping[UUID, Origin],
) -> int:
    """Post what waits for these open accounts (member number, member id), or hold it back until
    somebody has looked at it. Returns how many.

    `origins` names the correlation id and trace by member. The caller has locked the accounts.
    """
    waiting = await list_waiting_of(session, program_id, members)
    if not waiting:
        return 0
    # The tiers may be minutes old only: read them again with the receipts, under the same locks.
    owners = set(waiting.values())
    accounts, _ = await lock_pos_batch(session, program_id, owners, waiting, ())
    directory = await load_directory(session, program_id, ())
    policies = directory.policies_by_version
    sales = await list_by_id(session, program_id, policies, waiting)
    refunds = await list_refunds(session, program_id, policies, waiting)
    await load_lots(session, program_id, accounts)
    await load_usages(session, program_id, accounts, limits_of(sales.values()))
    await load_told_events_of(session, program_id, accounts, policies.values())
    in_order = sorted(sales.values(), key=lambda s: (s.purchased_at, s.transaction_id))
    found = [(sale, accounts[waiting[sale.transaction_id]]) for sale in in_order]
    cases = await review_late_members(session, program_id, directory.review, found)
    write = Write()
    for sale, account in found:
        undone = refunds.get(sale.transaction_id, [])
        write.books.origin = origins.get(account.account_id, ("", ""))
        if sale.transaction_id in cases:
            hold_back(write, account, sale, undone)
        else:
            attribute(write, program_id, now, account, sale, undone)
    await write_books(session, program_id, now, write)
    await insert_cases(session, program_id, now, list(cases.values()))
    return len(write.changes)
