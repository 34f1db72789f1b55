"""A member gives stars (or whatever a wallet holds) to another, at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_giver, check_receiver
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.moves import Move, move_lots, pick_spendable
from services.points.domain.members.errors import TransferReceiverUnknown, TransferToSelf
from services.points.domain.wallets.errors import WalletIsBuiltIn
from services.points.domain.wallets.wallets import (
    POINTS,
    Wallet,
    check_gift_cap,
    check_transferable,
    room_in,
)
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from services.points.storage.request_keys import find_answer, hash_request, keep_answer
from services.points.storage.wallets.gifts import sum_gifts
from services.points.storage.wallets.wallets import get_wallet, open_wallet_accounts

_OPERATION = "wallet_gift"


@dataclass(frozen=True, slots=True)
class WalletGift:
    """Who gives how much of which wallet to whom."""

    from_member_id: UUID
    to_member_id: UUID
    wallet: str
    points: int
    key: str


async def give_from_wallet(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    gift_id: UUID,
    gift: WalletGift,
    origin: tuple[str, str],
) -> tuple[dict[str, Any], bool]:
    """Move the lots as they are, with their end; once for the giver's key. Returns the answer, and
    whether it is new.

    Raises `WalletIsBuiltIn` (points are offered as transfers), `WalletUnknown`,
    `WalletNotTransferable`, `TransferToSelf`, `MemberUnknown`, `AccountFrozen`, `AccountMerged`,
    `TransferReceiverUnknown`, `GiftCapReached`, `InsufficientPoints`, `IdempotencyKeyReused`.
    """
    if gift.wallet == POINTS:
        raise WalletIsBuiltIn("Points are offered as transfers.")
    if gift.from_member_id == gift.to_member_id:
        raise TransferToSelf("Points cannot be given to oneself.")
    kind = await get_wallet(session, program_id, gift.wallet)
    sides = [(gift.from_member_id, gift.wallet), (gift.to_member_id, gift.wallet)]
    ids = await open_wallet_accounts(session, program_id, sides)
    members = {gift.from_member_id, gift.to_member_id}
    accounts = await lock_accounts(session, program_id, members | set(ids.values()))
    operation = f"{_OPERATION} of {gift.from_member_id}"
    asked = hash_request(gift.to_member_id, gift.wallet, gift.points)
    done = await find_answer(session, program_id, operation, gift.key, asked)
    if done is not None:
        return done, False
    check_transferable(kind)
    check_giver(accounts[gift.from_member_id])
    check_receiver(accounts[gift.to_member_id])
    giver, receiver = (accounts[ids[side]] for side in sides)
    await _check_cap(session, now, program_id, kind, giver, gift.points)
    await load_lots(session, program_id, {giver.account_id: giver})
    parts = pick_spendable(giver, gift.points, now)
    _check_fits(kind, receiver, gift.points)
    write = Write()
    write.books.origin = origin
    facts = {
        "from_member_id": str(gift.from_member_id),
        "to_member_id": str(gift.to_member_id),
        "points": gift.points,
    }
    move_lots(write.books, giver, receiver, parts, Move(_OPERATION, gift_id, facts))
    await write_books(session, program_id, now, write)
    answer = {
        "gift_id": str(gift_id),
        "wallet": gift.wallet,
        "points": gift.points,
        "balance": giver.balance,
    }
    await keep_answer(session, program_id, operation, gift.key, asked, answer, now)
    return answer, True


async def _check_cap(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    wallet: Wallet,
    giver: Account,
    points: int,
) -> None:
    if wallet.gift_points_a_day_max is not None:
        given = await sum_gifts(session, program_id, giver.account_id, now)
        check_gift_cap(wallet, points, given)


def _check_fits(wallet: Wallet, receiver: Account, points: int) -> None:
    """As for who may not receive: how full the other's wallet is stays theirs."""
    room = room_in(wallet, receiver)
    if room is not None and points > room:
        raise TransferReceiverUnknown("This member cannot receive points.")
