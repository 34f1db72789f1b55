"""Points offered by one member to another: set aside, then moved, or free again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.points.domain.ledger.account_checks import check_giver, check_receiver
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.moves import Move, Parts, move_lots, pick_spendable
from services.points.domain.members.errors import (
    TransferCapReached,
    TransferClosed,
    TransferUnavailable,
)
from shared.errors import DomainError

OFFERED = "offered"
ACCEPTED = "accepted"
DECLINED = "declined"
CANCELLED = "cancelled"
EXPIRED = "expired"


@dataclass(slots=True)
class Transfer:
    """A transfer as stored, or as decided."""

    transfer_id: UUID
    from_member_id: UUID
    to_member_id: UUID
    points: int
    message: str
    status: str
    offered_at: datetime
    accept_until: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Nobody took it in time: at its deadline, not after it."""
        return self.status == OFFERED and self.accept_until <= now


class TransferBounds(NamedTuple):
    """How long an offer waits, and what a member may give within 24 hours."""

    accept: timedelta
    points_a_day_max: int

    def check_cap(self, points: int, given: int) -> None:
        """Raise `TransferCapReached` when this would be more than a day's."""
        left = max(0, self.points_a_day_max - given)
        if points > left:
            raise TransferCapReached(
                f"{left} points can be given now.",
                points_a_day_max=self.points_a_day_max,
                left=left,
            )

    def accept_until(self, parts: Parts, now: datetime) -> datetime:
        """The end of an offer: in so many days, or when the first of its points end."""
        ends = [lot.expires_at for lot, _ in parts if lot.expires_at is not None]
        return min([now + self.accept, *ends])


def check_offered(transfer: Transfer, now: datetime) -> None:
    """Raise `TransferClosed` when there is nothing left to decide."""
    status = EXPIRED if transfer.is_due(now) else transfer.status
    if status != OFFERED:
        raise TransferClosed(f"The transfer is {status}.", is_now=status)


def take_transfer(
    books: Books, giver: Account, receiver: Account, transfer: Transfer, now: datetime
) -> None:
    """Move the points, each lot as it is. Raises `TransferClosed`, `TransferReceiverUnknown`, and
    `TransferUnavailable` when the giver is frozen or claw-backs left less than was offered."""
    check_offered(transfer, now)
    check_receiver(receiver)
    try:
        check_giver(giver)
        books.release(giver, transfer.points)
        parts = pick_spendable(giver, transfer.points, now)
    except DomainError:
        # The receiver asks, and how the giver stands is none of their business.
        raise TransferUnavailable("What was offered cannot be taken now.") from None
    # What the giver wrote stays with the transfer: postings are kept for ever and exported.
    facts = {
        "from_member_id": str(giver.member_id),
        "to_member_id": str(receiver.member_id),
        "points": transfer.points,
    }
    move_lots(books, giver, receiver, parts, Move("transfer", transfer.transfer_id, facts))
    _close(transfer, ACCEPTED, f"member {receiver.member_id}", now)


def free_transfer(
    books: Books, giver: Account, transfer: Transfer, status: str, who: str, now: datetime
) -> None:
    """The points are free again. Raises `TransferClosed`."""
    check_offered(transfer, now)
    books.release(giver, transfer.points)
    _close(transfer, status, who, now)


def expire_due(
    books: Books, giver: Account, transfers: Sequence[Transfer], now: datetime
) -> list[Transfer]:
    """Free what nobody took in time. Returns what changed."""
    due = [transfer for transfer in transfers if transfer.is_due(now)]
    for transfer in due:
        books.release(giver, transfer.points)
        _close(transfer, EXPIRED, "clock", now)
    return due


def _close(transfer: Transfer, status: str, who: str, now: datetime) -> None:
    transfer.status, transfer.closed_at, transfer.closed_by = status, now, who
