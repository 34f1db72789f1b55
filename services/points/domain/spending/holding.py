"""Points set aside for somebody, and what becomes of them: captured, released, run out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import NamedTuple
from uuid import UUID

from services.points.domain.ledger import ledger
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books, Cause, NewPosting
from services.points.domain.spending.errors import HoldClosed, HoldExpired, HoldTooSmall

# Of a till, ends by the clock; of a reward order, ends only by its order.
PAYMENT = "payment"
ORDER = "order"

OPEN = "open"
CAPTURED = "captured"
RELEASED = "released"
EXPIRED = "expired"
CANCELLED = "cancelled"
REFUSED = "refused"


@dataclass(slots=True)
class Hold:
    """A hold as stored, or as decided. `available_after` is what it left the member to spend."""

    hold_id: UUID
    account_id: UUID
    kind: str
    status: str
    points: int
    captured: int
    reference: str
    mall_id: UUID | None
    shop_id: UUID | None
    made_by: str
    expires_at: datetime | None
    recorded_at: datetime
    closed_at: datetime | None = None
    request_hash: bytes | None = None
    available_after: int | None = None

    @property
    def left(self) -> int:
        """Points that it still sets aside."""
        return self.points - self.captured if self.status == OPEN else 0

    def is_due(self, now: datetime) -> bool:
        """Open, but its time has run out. An order's hold has no clock."""
        return (
            self.status == OPEN
            and self.kind == PAYMENT
            and self.expires_at is not None
            and self.expires_at <= now
        )


class Capture(NamedTuple):
    """Points of a hold that are to be spent; `None` for all that is left.

    A final capture frees the rest, another leaves it open for the next one. `told`: what a reason
    says of the receipt that they pay, further members of JSON.
    """

    redemption_id: UUID
    points: int | None
    is_final: bool
    mall_id: UUID | None = None
    shop_id: UUID | None = None
    told: str = ""


def open_hold(books: Books, account: Account, hold: Hold, now: datetime) -> None:
    """Set the points aside. Raises `InsufficientPoints` or `AccountFrozen`."""
    books.hold(account, hold.points, now)
    hold.available_after = account.available(now)


def capture_hold(
    books: Books, account: Account, hold: Hold, capture: Capture, now: datetime
) -> NewPosting:
    """Spend what was held. Raises `HoldExpired`, `HoldClosed` or `HoldTooSmall`."""
    points = points_to_capture(hold, capture.points)
    is_closing = capture.is_final or points == hold.left
    rest = hold.left - points if is_closing else 0
    # Written by hand, for it is made with every capture; all but the reference needs no escaping.
    reason = (
        f'{{"rule":"hold_captured","hold_id":"{hold.hold_id}",'
        f'"reference":{dumps(hold.reference)},"held":{hold.points},'
        f'"captured_before":{hold.captured},"released":{rest}{capture.told}}}'
    )
    cause = Cause(
        "capture",
        ledger.REDEMPTION,
        "capture",
        capture.redemption_id,
        reason,
        None,
        capture.mall_id or hold.mall_id,
        capture.shop_id or hold.shop_id,
    )
    posting = books.capture(account, points, rest, cause)
    # A capture may also free points without a posting of its own having said so.
    books.accounts[account.account_id] = account
    hold.captured += points
    if is_closing:
        hold.status, hold.closed_at = CAPTURED, now
    return posting


def points_to_capture(hold: Hold, points: int | None) -> int:
    """So many, or all that is left. Raises `HoldExpired`, `HoldClosed` or `HoldTooSmall`."""
    check_open(hold)
    wanted = hold.left if points is None else points
    if wanted > hold.left:
        raise HoldTooSmall(
            f"The hold has {hold.left} points left.", held=hold.left, shortfall=wanted - hold.left
        )
    return wanted


def release_hold(books: Books, account: Account, hold: Hold, now: datetime) -> None:
    """What is left is free again; once. Raises `HoldClosed` when it was captured."""
    if hold.status in {RELEASED, EXPIRED}:
        return
    check_open(hold)
    _close(books, account, hold, RELEASED, now)


def expire_due(books: Books, account: Account, holds: Iterable[Hold], now: datetime) -> list[Hold]:
    """Free what is held past its time, before anything else is decided. Returns what changed."""
    due = [h for h in holds if h.account_id == account.account_id and h.is_due(now)]
    for hold in due:
        _close(books, account, hold, EXPIRED, now)
    return due


def check_open(hold: Hold) -> None:
    """Raise `HoldExpired` or `HoldClosed` when there is nothing left to decide."""
    if hold.status == EXPIRED:
        raise HoldExpired("The hold has run out and its points are free again.")
    if hold.status != OPEN:
        raise HoldClosed(f"The hold is {hold.status}.", status=hold.status)


def _close(books: Books, account: Account, hold: Hold, status: str, now: datetime) -> None:
    if hold.left:
        books.release(account, hold.left)
    hold.status, hold.closed_at = status, now
