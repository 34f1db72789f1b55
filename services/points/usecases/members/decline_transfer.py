"""A member does not want what another offers: the points are free again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.members.errors import TransferUnknown
from services.points.domain.members.transfers import DECLINED, Transfer, free_transfer
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.transfer_news import tell_transfers
from services.points.storage.members.transfers import close_transfers, lock_transfer


async def decline_transfer(
    session: AsyncSession, now: datetime, program_id: UUID, transfer_id: UUID, member_id: UUID
) -> Transfer:
    """Free the points; a repeat is harmless. Raises `TransferUnknown`, `TransferClosed`."""
    transfer, accounts = await lock_transfer(session, program_id, transfer_id, member_id)
    if transfer.to_member_id != member_id:
        raise TransferUnknown("No such transfer to this member.")
    if transfer.status == DECLINED:
        return transfer
    write = Write()
    giver = accounts[transfer.from_member_id]
    free_transfer(write.books, giver, transfer, DECLINED, f"member {member_id}", now)
    await close_transfers(session, program_id, [transfer])
    await write_books(session, program_id, now, write)
    await tell_transfers(session, program_id, [transfer], now)
    return transfer
