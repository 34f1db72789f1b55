"""A member takes offered points: both sides are posted together."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.members.errors import TransferUnknown
from services.points.domain.members.transfers import ACCEPTED, Transfer, take_transfer
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.transfer_news import tell_transfers
from services.points.storage.members.transfers import close_transfers, lock_transfer
from services.points.storage.receipts.pos_transactions import load_lots


async def accept_transfer(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    transfer_id: UUID,
    member_id: UUID,
    origin: tuple[str, str],
) -> Transfer:
    """Move the points to the receiver, each lot with its expiry, its issuer and its funding.

    A repeat answers with what is stored. Raises `TransferUnknown`, `TransferClosed`,
    `TransferReceiverUnknown`, `TransferUnavailable`.
    """
    transfer, accounts = await lock_transfer(session, program_id, transfer_id, member_id)
    if transfer.to_member_id != member_id:
        raise TransferUnknown("No such transfer to this member.")
    if transfer.status == ACCEPTED:
        return transfer
    giver, receiver = accounts[transfer.from_member_id], accounts[transfer.to_member_id]
    await load_lots(session, program_id, {giver.account_id: giver})
    write = Write()
    write.books.origin = origin
    take_transfer(write.books, giver, receiver, transfer, now)
    await close_transfers(session, program_id, [transfer])
    await write_books(session, program_id, now, write)
    await tell_transfers(session, program_id, [transfer], now)
    return transfer
