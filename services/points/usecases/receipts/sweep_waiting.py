"""A net under the rows where two things meet: nothing may wait beside what it waits for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.attribution import settle_refunds
from services.points.storage.receipts.directory import load_policies
from services.points.storage.receipts.paid_receipts import keep_returned, load_paid_receipts
from services.points.storage.receipts.pos_transactions import (
    load_lots,
    lock_accounts,
    lock_pos_batch,
)
from services.points.storage.receipts.stored_receipts import list_by_id, list_refunds
from services.points.storage.receipts.waiting import list_members_waited_for, list_sales_waited_for
from services.points.storage.spending.redemptions import find_accounts_that_paid
from services.points.usecases.receipts.post_waiting import post_waiting

_MEMBERS_MAX = 100


async def sweep_waiting(session: AsyncSession, now: datetime) -> int:
    """A job's step: post receipts, else refunds, that a fault left waiting. Returns how many.

    By the locks there should be none; invariant I15 counts them.
    """
    done = 0
    for program_id, members in (await list_members_waited_for(session, _MEMBERS_MAX)).items():
        await lock_accounts(session, program_id, {member_id for _, member_id in members})
        done += await post_waiting(session, now, program_id, members, {})
    if done:
        # The sales' accounts are locked in another step: never two orders in one transaction.
        return done
    for program_id, sales in (await list_sales_waited_for(session, _MEMBERS_MAX)).items():
        done += await _settle(session, now, program_id, sales)
    return done


async def _settle(
    session: AsyncSession, now: datetime, program_id: UUID, sale_ids: dict[UUID, UUID | None]
) -> int:
    owners = {member_id for member_id in sale_ids.values() if member_id is not None}
    owners |= await find_accounts_that_paid(session, program_id, sorted(sale_ids))
    accounts, _ = await lock_pos_batch(session, program_id, owners, sale_ids, ())
    policies = await load_policies(session, program_id)
    sales = await list_by_id(session, program_id, policies, sale_ids)
    refunds = await list_refunds(session, program_id, policies, sale_ids)
    await load_lots(session, program_id, accounts)
    paid = await load_paid_receipts(session, program_id, now, sale_ids)
    write = Write()
    for sale_id, sale in sales.items():
        if sale.member_id == sale_ids[sale_id]:
            settle_refunds(write, program_id, accounts, paid, sale, refunds.get(sale_id, []))
            write.changes[sale_id] = sale
    await write_books(session, program_id, now, write)
    await keep_returned(session, program_id, paid)
    return len(write.changes)
