"""Receipts that named members before we knew them: post them now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.expiry.activations import load_told_events_of
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.attribution import attribute
from services.points.storage.receipts.directory import load_policies
from services.points.storage.receipts.pos_transactions import load_lots, lock_pos_batch
from services.points.storage.receipts.stored_receipts import (
    list_by_id,
    list_refunds,
    list_waiting_of,
)
from services.points.storage.receipts.usages import limits_of, load_usages

Origin = tuple[str, str]


async def post_waiting(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    members: Sequence[tuple[str, UUID]],
    origins: Mapping[UUID, Origin],
) -> int:
    """Post what waits for these open accounts (member number, member id). Returns how many.

    `origins` names the correlation id and trace by member. The caller has locked the accounts.
    """
    waiting = await list_waiting_of(session, program_id, members)
    if not waiting:
        return 0
    # The tiers may be minutes old only: read them again with the receipts, under the same locks.
    owners = set(waiting.values())
    accounts, _ = await lock_pos_batch(session, program_id, owners, waiting, ())
    policies = await load_policies(session, program_id)
    sales = await list_by_id(session, program_id, policies, waiting)
    refunds = await list_refunds(session, program_id, policies, waiting)
    await load_lots(session, program_id, accounts)
    await load_usages(session, program_id, accounts, limits_of(sales.values()))
    await load_told_events_of(session, program_id, accounts, policies.values())
    write = Write()
    for sale in sorted(sales.values(), key=lambda s: (s.purchased_at, s.transaction_id)):
        account = accounts[waiting[sale.transaction_id]]
        write.books.origin = origins.get(account.account_id, ("", ""))
        attribute(write, program_id, now, account, sale, refunds.get(sale.transaction_id, []))
    await write_books(session, program_id, now, write)
    return len(write.changes)
