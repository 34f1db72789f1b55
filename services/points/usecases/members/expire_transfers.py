"""By the clock: what nobody took in time is free again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.members.transfers import Transfer, expire_due
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.transfer_news import tell_transfers
from services.points.storage.members.transfers import (
    close_transfers,
    find_transfer,
    list_due_transfers,
)
from services.points.storage.receipts.pos_transactions import lock_accounts

_DUE_MAX = 200


async def expire_transfers(session: AsyncSession, now: datetime) -> int:
    """A job's step. Returns how many offers ended."""
    due = await list_due_transfers(session, now, _DUE_MAX)
    done = 0
    for program_id in sorted({program_id for program_id, _, _ in due}):
        mine = [d for d in due if d[0] == program_id]
        accounts = await lock_accounts(session, program_id, {giver for _, giver, _ in mine})
        transfers = await _lock(session, program_id, [transfer_id for _, _, transfer_id in mine])
        write, closed = Write(), []
        for transfer in transfers:
            giver = accounts[transfer.from_member_id]
            closed += expire_due(write.books, giver, [transfer], now)
        await close_transfers(session, program_id, closed)
        await write_books(session, program_id, now, write)
        await tell_transfers(session, program_id, closed, now)
        done += len(closed)
    return done


async def _lock(
    session: AsyncSession, program_id: UUID, transfer_ids: list[UUID]
) -> list[Transfer]:
    found = []
    for transfer_id in sorted(transfer_ids):
        transfer = await find_transfer(session, program_id, transfer_id, is_locking=True)
        assert transfer is not None
        found.append(transfer)
    return found
