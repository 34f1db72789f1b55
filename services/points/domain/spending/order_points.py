"""The points half of a reward order: whatever comes first, and however often, the end is the same.

A cancelled order has taken nothing, a captured one its points. A request that finds nothing before
it does what is missing: a capture holds first, a cancellation leaves a tombstone.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import AccountFrozen, InsufficientPoints, MemberUnknown
from services.points.domain.ledger.ledger import Books, NewPosting
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.spending import holding, redeeming
from services.points.domain.spending.holding import Capture, Hold
from services.points.domain.spending.redeeming import Moment, Return, Spent
from shared.errors import DomainError


class Asked(StrEnum):
    """What an order asks of points."""

    HOLD = "hold"
    CAPTURE = "capture"
    CANCEL = "cancel"


class OrderRequest(NamedTuple):
    """One request of an order; `why` is the reason of a cancellation."""

    asked: Asked
    order_id: UUID
    member_id: UUID
    points: int
    reference: str
    mall_id: UUID | None
    shop_id: UUID | None
    why: str = ""

    @property
    def redemption_id(self) -> UUID:
        """The id of what its capture spends."""
        return derived_id("order", self.order_id, "capture")


@dataclass(slots=True)
class Decided:
    """The order's hold as it is now, and what else was done.

    `spending` is the posting of a capture made now; `spent` a capture that was given back.
    """

    hold: Hold
    is_new: bool
    is_changed: bool = False
    spending: NewPosting | None = None
    spent: Spent | None = None
    refusal: DomainError | None = None


class Found(NamedTuple):
    """What is stored of the order: its hold, and what its capture spent."""

    hold: Hold | None
    spent: Spent | None


def decide(
    books: Books, account: Account | None, found: Found, request: OrderRequest, moment: Moment
) -> Decided:
    """Do what the order asks. `account` is where the member's points are now, with its lots."""
    hold = found.hold
    if request.asked is Asked.CANCEL:
        return _cancel(books, account, found, request, moment)
    decided = (
        _open(books, account, request, moment.now) if hold is None else Decided(hold, is_new=False)
    )
    if request.asked is Asked.CAPTURE and decided.hold.status == holding.OPEN:
        assert account is not None
        capture = Capture(request.redemption_id, None, is_final=True)
        hold = decided.hold
        decided.spending = holding.capture_hold(books, account, hold, capture, moment.now)
        decided.is_changed = not decided.is_new
    return decided


def _open(books: Books, account: Account | None, request: OrderRequest, now: datetime) -> Decided:
    hold = _hold(request, now, holding.OPEN, request.points)
    try:
        if account is None or not account.is_open:
            raise MemberUnknown("No such member in this programme.")
        holding.open_hold(books, account, hold, now)
    except (InsufficientPoints, AccountFrozen, MemberUnknown) as error:
        hold.status, hold.closed_at = holding.REFUSED, now
        return Decided(hold, is_new=True, refusal=error)
    hold.account_id = account.account_id
    return Decided(hold, is_new=True)


def _cancel(
    books: Books,
    account: Account | None,
    found: Found,
    request: OrderRequest,
    moment: Moment,
) -> Decided:
    hold = found.hold
    if hold is None:
        return Decided(_hold(request, moment.now, holding.CANCELLED, 0), is_new=True)
    if hold.status == holding.CANCELLED:
        return Decided(hold, is_new=False)
    decided = Decided(hold, is_new=False, is_changed=True)
    if hold.left:
        assert account is not None
        books.release(account, hold.left)
    elif hold.captured:
        assert account is not None
        assert found.spent is not None
        decided.spent = found.spent
        left = found.spent.points - found.spent.returned
        why = Return("cancel", "order_cancelled", {"why": request.why})
        if left:
            redeeming.give_back(books, account, found.spent, left, why, moment)
    hold.status, hold.closed_at = holding.CANCELLED, moment.now
    return decided


def _hold(request: OrderRequest, now: datetime, status: str, points: int) -> Hold:
    return Hold(
        request.order_id,
        request.member_id,
        holding.ORDER,
        status,
        points,
        0,
        request.reference,
        request.mall_id,
        request.shop_id,
        "order",
        None,
        now,
        closed_at=None if status == holding.OPEN else now,
    )
