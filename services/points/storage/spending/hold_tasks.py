"""What tills ask of holds, decided: what both ways of working it share. No SQL of its own."""

from dataclasses import dataclass, field
from datetime import datetime
from json import dumps
from typing import NamedTuple
from uuid import UUID

from services.points.domain.ledger.account_checks import check_not_frozen
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import IdempotencyKeyReused, MemberUnknown
from services.points.domain.ledger.ledger import NewPosting
from services.points.domain.receipts.receipts import Shop, text_of
from services.points.domain.spending import holding
from services.points.domain.spending.errors import HoldUnknown
from services.points.domain.spending.holding import Capture, Hold
from services.points.domain.spending.redeeming import AtTill
from services.points.storage.receipts.pos_batch import check_till
from services.points.storage.receipts.pos_transactions import survivor_of
from services.points.storage.spending.hold_requests import (
    CaptureHold,
    HoldTask,
    MakeHold,
    ReleaseHold,
)
from services.points.storage.spending.holds import Captured, HoldLook, HoldWrite, Redemption
from services.points.storage.spending.till_payments import PaymentTerms
from shared.db import Collision
from shared.errors import DomainError


class HoldAnswer(NamedTuple):
    """The hold as it is now. `available` is what the member may spend now; of a hold that was made
    before, what it left when it was made."""

    hold: Hold
    is_new: bool
    available: int | None


class CaptureAnswer(NamedTuple):
    """The capture as it was the first time."""

    captured: Captured
    is_new: bool


Answer = HoldAnswer | CaptureAnswer | DomainError


@dataclass(slots=True)
class HoldWork:
    """What was found, and what was decided so far upon it. `asked_of` are the accounts; `terms`
    those of the one capture that pays a receipt."""

    now: datetime
    look: HoldLook
    terms: PaymentTerms | None = None
    write: HoldWrite = field(default_factory=HoldWrite)
    asked_of: set[UUID] = field(default_factory=set)
    due: dict[UUID, list[Hold]] = field(default_factory=dict)
    made: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Sort what has run out by account."""
        for hold in self.look.holds.values():
            if hold.is_due(self.now):
                self.due.setdefault(hold.account_id, []).append(hold)


def answer(work: HoldWork, task: HoldTask) -> Answer:
    """Decide one task. What refuses it is its answer and changes nothing."""
    asked = task.asked
    try:
        shop = check_till(
            work.look.directory, task.shop_id, task.till_id, task.key_version, work.now
        )
        work.write.books.origin = task.origin
        if isinstance(asked, MakeHold):
            return _make(work, task, asked, shop)
        if isinstance(asked, CaptureHold):
            return _capture(work, task, asked, shop)
        return _release(work, task, asked)
    except Collision:
        raise
    except DomainError as error:
        return error


def _make(work: HoldWork, task: HoldTask, asked: MakeHold, shop: Shop) -> HoldAnswer:
    hold_id = task.made_id
    assert hold_id is not None
    known = work.look.holds.get(hold_id)
    if known is not None:
        _check_same(known.request_hash, task)
        if known.is_due(work.now):
            _ready(work, work.look.accounts[known.account_id])
        return HoldAnswer(known, is_new=False, available=known.available_after)
    member_id = asked.member_id
    if asked.member_number is not None:
        member_id = work.look.numbers.get(asked.member_number)
    account = survivor_of(work.look.accounts, member_id)
    if account is None or not account.is_open:
        raise MemberUnknown("No such member in this programme.")
    _ready(work, account)
    hold = Hold(
        hold_id,
        account.account_id,
        holding.PAYMENT,
        holding.OPEN,
        asked.points,
        0,
        asked.reference,
        shop.mall_id,
        shop.shop_id,
        f"till {text_of(task.shop_id)}/{task.till_id}",
        work.now + asked.ttl,
        work.now,
        request_hash=task.fingerprint,
    )
    holding.open_hold(work.write.books, account, hold, work.now)
    work.look.holds[hold_id] = hold
    work.write.made.append(hold)
    work.made.add(hold_id)
    return HoldAnswer(hold, is_new=True, available=hold.available_after)


def _capture(work: HoldWork, task: HoldTask, asked: CaptureHold, shop: Shop) -> CaptureAnswer:
    capture_id = task.made_id
    assert capture_id is not None
    hold = find_hold(work.look, task, asked.hold_id)
    known = work.look.captures.get(capture_id)
    if known is not None:
        _check_same(known.request_hash, task)
        return CaptureAnswer(known, is_new=False)
    account = work.look.accounts[hold.account_id]
    check_not_frozen(account)
    _ready(work, account)
    paid = _bill_paid(work, hold, asked)
    capture = Capture(
        capture_id,
        asked.points,
        asked.is_final,
        shop.mall_id,
        shop.shop_id,
        "" if paid is None else f",{dumps(paid.told)[1:-1]}",
    )
    posting = holding.capture_hold(work.write.books, account, hold, capture, work.now)
    _note_change(work, hold)
    made = Captured(
        capture_id,
        account.account_id,
        -posting.points,
        posting.balance_after,
        hold.hold_id,
        hold.left,
        task.fingerprint,
        work.now,
        None if paid is None else paid.amount_minor,
        None if paid is None else paid.currency,
    )
    work.look.captures[capture_id] = made
    work.write.redemptions.append(_redemption_of(task, made, posting, hold.reference))
    return CaptureAnswer(made, is_new=True)


def _bill_paid(work: HoldWork, hold: Hold, asked: CaptureHold) -> AtTill | None:
    """What the points pay of the receipt that the till names. Raises why they may not."""
    if asked.bill is None:
        return None
    assert work.terms is not None, "a capture that pays a receipt has read its terms"
    points = holding.points_to_capture(hold, asked.points)
    return work.terms.at_till(work.now, points, asked.bill, hold.reference)


def _redemption_of(
    task: HoldTask, made: Captured, posting: NewPosting, reference: str
) -> Redemption:
    assert isinstance(task.asked, CaptureHold)
    bill = task.asked.bill
    return Redemption(
        made.redemption_id,
        made.account_id,
        posting.version,
        made.points,
        made.amount_minor,
        made.currency,
        reference,
        None if bill is None else bill.transaction_id(task.program_id),
        made.hold_id,
        made.hold_left,
        posting.cause.mall_id,
        posting.cause.shop_id,
        made.request_hash,
    )


def _release(work: HoldWork, task: HoldTask, asked: ReleaseHold) -> HoldAnswer:
    hold = find_hold(work.look, task, asked.hold_id)
    # Only what is open keeps an account from being merged: a hold that is over may be of one.
    account = survivor_of(work.look.accounts, hold.account_id)
    assert account is not None
    _ready(work, account)
    was_open = hold.status == holding.OPEN
    holding.release_hold(work.write.books, account, hold, work.now)
    if was_open:
        _note_change(work, hold)
    return HoldAnswer(hold, is_new=was_open, available=account.available(work.now))


def find_hold(look: HoldLook, task: HoldTask, hold_id: UUID) -> Hold:
    """The hold; those of other shops, and of orders, are not there. Raises `HoldUnknown`."""
    hold = look.holds.get(hold_id)
    if hold is None or hold.shop_id != task.shop_id or hold.kind != holding.PAYMENT:
        raise HoldUnknown("This shop has no such hold.")
    return hold


def _ready(work: HoldWork, account: Account) -> None:
    """Free what has run out, and remember that the account was decided upon."""
    if account.account_id in work.asked_of:
        return
    work.asked_of.add(account.account_id)
    if due := work.due.get(account.account_id):
        for hold in holding.expire_due(work.write.books, account, due, work.now):
            work.write.changed[hold.hold_id] = hold


def _note_change(work: HoldWork, hold: Hold) -> None:
    """A hold made by this very group is written as it is now; a stored one is changed."""
    if hold.hold_id not in work.made:
        work.write.changed[hold.hold_id] = hold


def _check_same(request_hash: bytes | None, task: HoldTask) -> None:
    if request_hash != task.fingerprint:
        raise IdempotencyKeyReused("This key came with another request before.")
