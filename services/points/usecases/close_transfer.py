"""An offered transfer ends: accepted, declined, cancelled, or nobody took it in time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain import errors
from services.points.domain.ledger import Account, Books
from services.points.domain.moves import Move, move_lots, pick_spendable
from services.points.storage.books import Write, write_books
from services.points.storage.pos_transactions import load_lots, lock_accounts
from services.points.storage.transfers import (
    ACCEPTED,
    CANCELLED,
    DECLINED,
    EXPIRED,
    OFFERED,
    Transfer,
    close_transfers,
    find_transfer,
    list_due_transfers,
)
from services.points.usecases.offer_transfer import check_giver, check_receiver

_DUE_MAX = 200


async def accept_transfer(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    transfer_id: UUID,
    member_id: UUID,
    origin: tuple[str, str],
) -> Transfer:
    """Move the points to the receiver, each lot with its expiry, its issuer and its funding.

    Both sides are posted together. A repeat answers with what is stored. Raises
    `TransferUnknown`, `TransferClosed`, `AccountFrozen`, `TransferReceiverUnknown`,
    `InsufficientPoints` when a claw-back left less than was offered.
    """
    transfer, accounts = await _lock(session, program_id, transfer_id, member_id)
    if transfer.to_member_id != member_id:
        raise errors.TransferUnknown("No such transfer to this member.")
    if transfer.status == ACCEPTED:
        return transfer
    _check_offered(transfer, now)
    giver, receiver = accounts[transfer.from_member_id], accounts[transfer.to_member_id]
    check_giver(giver)
    check_receiver(receiver)
    await load_lots(session, program_id, {giver.account_id: giver})
    write = Write()
    write.books.origin = origin
    _move(write.books, giver, receiver, transfer, now)
    transfer.status, transfer.closed_at, transfer.closed_by = ACCEPTED, now, f"member {member_id}"
    await close_transfers(session, program_id, [transfer])
    await write_books(session, program_id, now, write)
    return transfer


def _move(
    books: Books, giver: Account, receiver: Account, transfer: Transfer, now: datetime
) -> None:
    books.release(giver, transfer.points)
    parts = pick_spendable(giver, transfer.points, now)
    facts = {
        "from_member_id": str(giver.member_id),
        "to_member_id": str(receiver.member_id),
        "points": transfer.points,
        "message": transfer.message,
    }
    move_lots(books, giver, receiver, parts, Move("transfer", transfer.transfer_id, facts))


async def decline_transfer(
    session: AsyncSession, now: datetime, program_id: UUID, transfer_id: UUID, member_id: UUID
) -> Transfer:
    """The receiver does not want it: the points are free again. Repeats are harmless."""
    transfer, accounts = await _lock(session, program_id, transfer_id, member_id)
    if transfer.to_member_id != member_id:
        raise errors.TransferUnknown("No such transfer to this member.")
    who = f"member {member_id}"
    return await _free(session, now, program_id, transfer, accounts, DECLINED, who)


async def cancel_transfer(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    transfer_id: UUID,
    member_id: UUID,
    cancelled_by: str,
) -> Transfer:
    """The giver, or staff for them, takes the offer back. Repeats are harmless."""
    transfer, accounts = await _lock(session, program_id, transfer_id, member_id)
    if transfer.from_member_id != member_id:
        raise errors.TransferUnknown("No such transfer of this member.")
    return await _free(session, now, program_id, transfer, accounts, CANCELLED, cancelled_by)


async def expire_transfers(session: AsyncSession, now: datetime) -> int:
    """A job's step: free what nobody took in time. Returns how many offers ended."""
    due = await list_due_transfers(session, now, _DUE_MAX)
    done = 0
    for program_id in sorted({program_id for program_id, _, _ in due}):
        mine = [d for d in due if d[0] == program_id]
        accounts = await lock_accounts(session, program_id, {giver for _, giver, _ in mine})
        write, closed = Write(), []
        for transfer_id in sorted(transfer_id for _, _, transfer_id in mine):
            transfer = await find_transfer(session, program_id, transfer_id, is_locking=True)
            assert transfer is not None
            if transfer.is_due(now):
                _close(write.books, accounts, transfer, EXPIRED, "clock", now)
                closed.append(transfer)
        await close_transfers(session, program_id, closed)
        await write_books(session, program_id, now, write)
        done += len(closed)
    return done


async def _lock(
    session: AsyncSession, program_id: UUID, transfer_id: UUID, member_id: UUID
) -> tuple[Transfer, dict[UUID, Account]]:
    """The transfer with its accounts, locked; the members of a transfer never change."""
    seen = await find_transfer(session, program_id, transfer_id)
    if seen is None or member_id not in {seen.from_member_id, seen.to_member_id}:
        raise errors.TransferUnknown("No such transfer of this member.")
    accounts = await lock_accounts(session, program_id, {seen.from_member_id, seen.to_member_id})
    transfer = await find_transfer(session, program_id, transfer_id, is_locking=True)
    assert transfer is not None
    return transfer, accounts


def _check_offered(transfer: Transfer, now: datetime) -> None:
    status = EXPIRED if transfer.is_due(now) else transfer.status
    if status != OFFERED:
        raise errors.TransferClosed(f"The transfer is {status}.", is_now=status)


async def _free(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    transfer: Transfer,
    accounts: dict[UUID, Account],
    status: str,
    who: str,
) -> Transfer:
    if transfer.status == status:
        return transfer
    _check_offered(transfer, now)
    write = Write()
    _close(write.books, accounts, transfer, status, who, now)
    await close_transfers(session, program_id, [transfer])
    await write_books(session, program_id, now, write)
    return transfer


def _close(
    books: Books,
    accounts: dict[UUID, Account],
    transfer: Transfer,
    status: str,
    who: str,
    now: datetime,
) -> None:
    books.release(accounts[transfer.from_member_id], transfer.points)
    transfer.status, transfer.closed_at, transfer.closed_by = status, now, who
