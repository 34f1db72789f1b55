"""A member offers points to another: they are set aside until the other takes them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_giver, check_receiver
from services.points.domain.ledger.moves import pick_spendable
from services.points.domain.members.errors import TransferReceiverUnknown, TransferToSelf
from services.points.domain.members.transfers import OFFERED, Transfer, TransferBounds
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.transfer_news import tell_transfers
from services.points.storage.members.transfers import find_transfer, insert_transfer, sum_given
from services.points.storage.receipts.directory import resolve_numbers
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from services.points.storage.request_keys import find_answer, hash_request, keep_answer


@dataclass(frozen=True, slots=True)
class TransferOffer:
    """Who gives how much to whom. The receiver is named by id or by member number."""

    from_member_id: UUID
    to_member_id: UUID | None
    to_member_number: str | None
    points: int
    message: str
    idempotency_key: str


async def offer_transfer(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    transfer_id: UUID,
    offer: TransferOffer,
    bounds: TransferBounds,
) -> tuple[Transfer, bool]:
    """Set the points aside for the receiver. Points that will end sooner end the offer sooner.

    Once for each key of the giver: returns the transfer, and whether it is new. Raises
    `IdempotencyKeyReused`, `TransferToSelf`, `TransferReceiverUnknown`, `MemberUnknown`,
    `AccountFrozen`, `AccountMerged`, `TransferCapReached`, `InsufficientPoints`.
    """
    to_member_id = await _find_receiver(session, program_id, offer)
    if to_member_id == offer.from_member_id:
        raise TransferToSelf("Points cannot be given to oneself.")
    accounts = await lock_accounts(session, program_id, {offer.from_member_id, to_member_id})
    giver, receiver = accounts[offer.from_member_id], accounts[to_member_id]
    operation = f"transfer of {offer.from_member_id}"
    asked = hash_request(to_member_id, offer.points, offer.message)
    answer = await find_answer(session, program_id, operation, offer.idempotency_key, asked)
    if answer is not None:
        stored = await find_transfer(session, program_id, UUID(answer["transfer_id"]))
        assert stored is not None
        return stored, False
    check_giver(giver)
    check_receiver(receiver)
    given = await sum_given(session, program_id, giver.account_id, now)
    bounds.check_cap(offer.points, given)
    await load_lots(session, program_id, {giver.account_id: giver})
    parts = pick_spendable(giver, offer.points, now)
    made = Transfer(
        transfer_id,
        giver.account_id,
        to_member_id,
        offer.points,
        offer.message,
        OFFERED,
        now,
        bounds.accept_until(parts, now),
    )
    write = Write()
    write.books.hold(giver, offer.points, now)
    await insert_transfer(session, program_id, made)
    answer = {"transfer_id": str(transfer_id)}
    await keep_answer(session, program_id, operation, offer.idempotency_key, asked, answer, now)
    await write_books(session, program_id, now, write)
    await tell_transfers(session, program_id, [made], now)
    return made, True


async def _find_receiver(session: AsyncSession, program_id: UUID, offer: TransferOffer) -> UUID:
    if offer.to_member_id is not None:
        return offer.to_member_id
    assert offer.to_member_number is not None
    numbers = [offer.to_member_number]
    found = (await resolve_numbers(session, program_id, numbers))[offer.to_member_number]
    if found is None:
        raise TransferReceiverUnknown("No member with this number can receive points.")
    return found
