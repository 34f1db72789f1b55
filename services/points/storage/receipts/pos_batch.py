"""A till's batch, decided: what both ways of recording it share. No SQL of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts import receipt_books
from services.points.domain.receipts.earning import Tenders, policy_at, rate_lines
from services.points.domain.receipts.errors import (
    ReceiptConflict,
    TillInactive,
    TillKeyRetired,
    TillUnknown,
    UnknownTill,
    WrongShop,
)
from services.points.domain.receipts.points_payments import find_mismatch, tenders_as_paid
from services.points.domain.receipts.pos_records import (
    AWAITED,
    IN_REVIEW,
    WAITING_SALE,
    Stored,
)
from services.points.domain.receipts.receipts import Bounds, Receipt, Shop, check_receipt
from services.points.domain.reviews.review import ReviewRules, Traces, why_review
from services.points.storage.ledger.book_rows import NewRecord
from services.points.storage.ledger.books import Write
from services.points.storage.receipts import pos_news
from services.points.storage.receipts.attribution import settle_refunds
from services.points.storage.receipts.directory import Directory
from services.points.storage.receipts.paid_receipts import (
    PaidReceipts,
    give_back_for_refunds,
    payments_of,
)
from services.points.storage.receipts.pos_transactions import survivor_of
from services.points.storage.reviews.cases import NewCase
from shared.db import Collision
from shared.errors import DomainError, Rejected


@dataclass(frozen=True, slots=True)
class TillBatch:
    """What one till sent in one request. `origin` is its correlation id and trace."""

    program_id: UUID
    shop_id: UUID
    till_id: str
    key_version: int
    receipts: Sequence[Receipt]
    origin: tuple[str, str] = ("", "")


class Outcome(NamedTuple):
    """What became of one receipt: accepted, duplicate, conflict or rejected (then with error)."""

    result: str
    transaction_id: UUID
    stored: Stored | None = None
    error: DomainError | None = None


Answer = list[Outcome] | DomainError


@dataclass(slots=True)
class Item:
    """A receipt on its way to its outcome."""

    receipt: Receipt
    shop: Shop
    batch: TillBatch
    outcome: Outcome | None = None
    member_id: UUID | None = None

    @property
    def names_member(self) -> bool:
        """Whether it says whose it is, known or not."""
        return self.member_id is not None or self.receipt.member_number is not None


@dataclass(slots=True)
class Look:
    """Everything read for one programme's receipts, and what was decided so far."""

    accounts: dict[UUID, Account]
    known: dict[UUID, Stored]
    refunds: dict[UUID, list[Stored]]
    write: Write = field(default_factory=Write)
    fresh: set[UUID] = field(default_factory=set)
    conflicts: list[tuple[UUID, bytes, str, str]] = field(default_factory=list)
    paid: PaidReceipts = field(default_factory=PaidReceipts)
    traces: Traces | None = None
    cases: list[NewCase] = field(default_factory=list)


def outcome_of(item: Item) -> Outcome:
    """What was decided of it."""
    assert item.outcome is not None
    return item.outcome


def open_batch(batch: TillBatch, directory: Directory, now: datetime, bounds: Bounds) -> list[Item]:
    """Check the till, then each receipt in itself. Raises what refuses the whole batch."""
    shop = check_till(directory, batch.shop_id, batch.till_id, batch.key_version, now)
    items = []
    for receipt in batch.receipts:
        item = Item(receipt, shop, batch)
        try:
            _check_place(receipt, batch, directory)
            check_receipt(receipt, shop, now, bounds)
        except DomainError as error:
            item.outcome = Outcome("rejected", receipt.transaction_id, error=error)
        items.append(item)
    return items


def check_till(
    directory: Directory, shop_id: UUID, till_id: str, key_version: int, now: datetime
) -> Shop:
    """The shop of a till that may speak now. Raises why it may not."""
    till = directory.tills.get((shop_id, till_id))
    shop = directory.shops.get(shop_id)
    if till is None or shop is None:
        raise TillUnknown("This till is not known here yet. Send the same again.")
    if not till.is_active:
        raise TillInactive("This till is switched off.")
    is_previous = key_version == till.key_version - 1
    if key_version != till.key_version and not (
        is_previous and till.previous_key_until is not None and now < till.previous_key_until
    ):
        raise TillKeyRetired("This key version is not in use.", key_version=till.key_version)
    return shop


def _check_place(receipt: Receipt, batch: TillBatch, directory: Directory) -> None:
    if receipt.key.shop_id != batch.shop_id:
        raise WrongShop("A till sends the receipts of its own shop.")
    if (batch.shop_id, receipt.key.till_id) not in directory.tills:
        raise UnknownTill("The shop has no such till in the directory.")


def decide(
    look: Look, program_id: UUID, now: datetime, directory: Directory, item: Item
) -> Outcome:
    """Decide one receipt, leaving in `look.write` what must be written. Sales go first."""
    return _seen_before(look, item) or _take(look, program_id, now, directory, item)


def _seen_before(look: Look, item: Item) -> Outcome | None:
    receipt = item.receipt
    stored = look.known.get(receipt.transaction_id)
    if stored is None or stored.status == AWAITED:
        return None
    if stored.fingerprint == receipt.fingerprint:
        return Outcome("duplicate", receipt.transaction_id, stored)
    sent_by = f"till {item.batch.shop_id}/{item.batch.till_id}"
    look.conflicts.append((receipt.transaction_id, receipt.fingerprint, receipt.content, sent_by))
    error = ReceiptConflict(
        "This receipt was stored with other content. Both are kept for audit.",
        transaction_id=str(receipt.transaction_id),
    )
    return Outcome("conflict", receipt.transaction_id, stored, error)


def _take(look: Look, program_id: UUID, now: datetime, directory: Directory, item: Item) -> Outcome:
    look.write.books.origin = item.batch.origin
    stored = _new_stored(item, now)
    stored.is_watched = bool(directory.review.velocities) and item.names_member
    fills = stored.transaction_id in look.known
    if stored.kind == "sale":
        policy = policy_at(directory.policies, stored.purchased_at)
        tenders = _tenders_of(look, item, stored)
        stored.rating = rate_lines(policy, stored.shop_id, stored.lines, stored.mall_id, tenders)
        if not _hold_back(look, program_id, directory.review, item, stored):
            receipt_books.post_sale(look.write.books, _account_of(look, item), stored, now)
        _take_sale(look, program_id, stored)
    else:
        try:
            _take_refund(look, program_id, stored)
        except Rejected as error:
            return Outcome("rejected", stored.transaction_id, error=error)
        # Refunds that took this one for a sale are refused by now, not left waiting.
        waited = look.refunds.get(stored.transaction_id, ())
        settle_refunds(look.write, program_id, {}, look.paid, stored, waited)
    look.known[stored.transaction_id] = stored
    look.fresh.add(stored.transaction_id)
    look.write.records.append(NewRecord(stored, item.receipt.content, fills))
    return Outcome("accepted", stored.transaction_id, stored)


def _tenders_of(look: Look, item: Item, sale: Stored) -> Tenders:
    """How the sale was paid: what points paid by the books counts, where that is more."""
    tenders = item.receipt.tenders
    payments = payments_of(look.paid, sale.transaction_id)
    if not (payments or tenders):
        return tenders
    sale.mismatch = find_mismatch(tenders, sale.total_minor, payments)
    return tenders_as_paid(tenders, sale.mismatch)


def _hold_back(look: Look, program_id: UUID, rules: ReviewRules, item: Item, sale: Stored) -> bool:
    """Whether somebody must look at the sale before it earns; then it is nobody's until then."""
    if look.traces is None:
        return False
    why = why_review(rules, program_id, item.receipt, item.member_id, look.traces)
    if not why:
        return False
    sale.status, sale.member_id = IN_REVIEW, item.member_id
    case_id = receipt_books.derived_id(sale.transaction_id, "review")
    opened_by = f"till {sale.shop_id}/{sale.till_id}"
    look.cases.append(NewCase(case_id, sale.transaction_id, item.member_id, why, opened_by))
    return True


def _account_of(look: Look, item: Item) -> Account | None:
    return look.accounts.get(item.member_id) if item.member_id is not None else None


def _take_sale(look: Look, program_id: UUID, sale: Stored) -> None:
    pos_news.tell_recorded(look.write, program_id, sale, sale)
    waited = look.refunds.get(sale.transaction_id, ())
    look.refunds[sale.transaction_id] = settle_refunds(
        look.write, program_id, look.accounts, look.paid, sale, waited
    )


def _take_refund(look: Look, program_id: UUID, refund: Stored) -> None:
    sale = look.known.get(refund.receipt_id)
    if sale is None or sale.status == AWAITED:
        refund.status = WAITING_SALE
        look.refunds.setdefault(refund.receipt_id, []).append(refund)
        return
    earlier = look.refunds.setdefault(sale.transaction_id, [])
    receipt_books.check_fits(sale, refund, earlier)
    account = survivor_of(look.accounts, sale.member_id)
    if sale.member_id is not None and account is None:
        raise Collision("The sale found its member meanwhile.")
    earlier.append(refund)
    # What was spent comes back before what was earned is taken: it may repay it.
    done = len(earlier) - 1
    give_back_for_refunds(look.write.books, look.accounts, look.paid, sale, earlier, done)
    buyer = look.accounts.get(sale.member_id) if sale.member_id is not None else None
    receipt_books.apply_refund(
        look.write.books, account, sale, refund, earlier[:done], refund.recorded_at, buyer
    )
    pos_news.tell_recorded(look.write, program_id, refund, sale)
    if sale.transaction_id not in look.fresh:
        look.write.changes[sale.transaction_id] = sale


def _new_stored(item: Item, now: datetime) -> Stored:
    receipt, shop = item.receipt, item.shop
    return Stored(
        transaction_id=receipt.transaction_id,
        kind=receipt.kind,
        status="",
        receipt_id=receipt.receipt_id,
        fingerprint=receipt.fingerprint,
        shop_id=shop.shop_id,
        mall_id=shop.mall_id,
        till_id=receipt.key.till_id,
        receipt_number=receipt.key.receipt_number,
        business_date=receipt.key.business_date,
        purchased_at=receipt.purchased_at,
        recorded_at=now,
        currency=shop.currency,
        time_zone=shop.time_zone,
        total_minor=receipt.total_minor,
        member_id=None,
        awaited_number=receipt.member_number if item.member_id is None else None,
        lines=receipt.lines,
        rating=None,
        cashier_id=receipt.cashier_id,
    )
