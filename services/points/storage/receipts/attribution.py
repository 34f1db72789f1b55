"""Receipts that were waiting find what they waited for: a sale its member, a refund its sale."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts import receipt_books
from services.points.domain.receipts.pos_records import (
    ANONYMOUS,
    IN_REVIEW,
    REFUSED,
    WAITING_MEMBER,
    WAITING_SALE,
    Stored,
)
from services.points.storage.ledger.books import Write
from services.points.storage.receipts import pos_news
from services.points.storage.receipts.paid_receipts import PaidReceipts, give_back_for_refunds
from services.points.storage.receipts.pos_transactions import survivor_of
from shared.errors import Rejected


def attribute(
    write: Write,
    program_id: UUID,
    now: datetime,
    account: Account,
    sale: Stored,
    refunds: Sequence[Stored],
) -> None:
    """Post the locked sale and then its refunds to the open account, and tell whose they are.
    The account has its lots and what it used of the sale's limits.

    It earns by the rules and the tier of its purchase time. A sale that somebody else posted
    meanwhile is left alone.
    """
    if sale.status not in {ANONYMOUS, WAITING_MEMBER}:
        return
    receipt_books.post_sale(write.books, account, sale, now)
    write.changes[sale.transaction_id] = sale
    pos_news.tell_attributed(write, program_id, sale, sale)
    applied: list[Stored] = []
    for refund in refunds:
        receipt_books.apply_refund(write.books, account, sale, refund, applied, now)
        applied.append(refund)
        write.changes[refund.transaction_id] = refund
        pos_news.tell_attributed(write, program_id, refund, sale)


def hold_back(write: Write, account: Account, sale: Stored, refunds: Sequence[Stored]) -> None:
    """Somebody must look at the locked sale before it earns. It is kept for the account, without
    points, and its refunds share its fate."""
    for stored in (sale, *refunds):
        stored.status, stored.member_id = IN_REVIEW, account.member_id
        write.changes[stored.transaction_id] = stored


def settle_refunds(
    write: Write,
    program_id: UUID,
    accounts: Mapping[UUID, Account],
    paid: PaidReceipts,
    sale: Stored,
    refunds: Sequence[Stored],
) -> list[Stored]:
    """Apply the refunds that came before their sale, oldest first, after what paid has come back
    for them: it may repay what they take, as with a refund that comes later. One that asks for more
    than was sold is refused and kept. Returns those that count. `accounts` are those of the sale
    and of all who paid."""
    account = survivor_of(accounts, sale.member_id)
    applied = [refund for refund in refunds if refund.status != WAITING_SALE]
    done = len(applied)
    for refund in refunds:
        if refund.status != WAITING_SALE:
            continue
        write.changes[refund.transaction_id] = refund
        try:
            receipt_books.check_fits(sale, refund, applied)
        except Rejected:
            refund.status = REFUSED
        else:
            applied.append(refund)
    give_back_for_refunds(write.books, accounts, paid, sale, applied, done)
    for place, refund in enumerate(applied[done:], done):
        receipt_books.apply_refund(
            write.books, account, sale, refund, applied[:place], sale.recorded_at
        )
        pos_news.tell_recorded(write, program_id, refund, sale)
    return applied
