"""An anonymous receipt finds its member: late, once, by the rules of its purchase time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.receipts.earning import Policy
from services.points.domain.receipts.errors import (
    ClaimTooLate,
    ReceiptAlreadyClaimed,
    ReceiptUnknown,
)
from services.points.domain.receipts.pos_records import (
    ANONYMOUS,
    AWAITED,
    IN_REVIEW,
    REJECTED,
    Stored,
)
from services.points.domain.receipts.receipts import ReceiptKey, transaction_id_of
from services.points.domain.reviews.errors import ReceiptInReview
from services.points.storage.expiry.activations import load_told_events_of
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.attribution import attribute, hold_back
from services.points.storage.receipts.directory import load_directory
from services.points.storage.receipts.pos_transactions import load_lots, lock_pos_batch, survivor_of
from services.points.storage.receipts.stored_receipts import list_by_id, list_refunds
from services.points.storage.receipts.usages import limits_of, load_usages
from services.points.storage.receipts.wrong_claims import count_wrong_claim, find_wrong_claims
from services.points.storage.reviews.cases import (
    CLAIMED_BY,
    NewCase,
    insert_cases,
    was_claim_rejected,
)
from services.points.storage.reviews.late_reviews import review_claims


@dataclass(frozen=True, slots=True)
class ReceiptClaim:
    """What the paper says. The total proves that the claimant holds it."""

    member_id: UUID
    key: ReceiptKey
    total_minor: int


async def claim_receipt(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    claim: ReceiptClaim,
    claim_window: timedelta,
    origin: tuple[str, str],
) -> Stored | ReceiptUnknown:
    """Post the receipt to the member, or hold it back until somebody has looked at it, as if it had
    named the member at the till. A repeat by the same member answers with what is stored.

    Returns `ReceiptUnknown`, also when the total does not fit: the wrong claim is counted, so the
    transaction must be committed. Raises `MemberUnknown`, `TooManyWrongClaims`,
    `ReceiptAlreadyClaimed`, `ReceiptInReview`, `ClaimTooLate`.
    """
    receipt_id = transaction_id_of(program_id, claim.key)
    accounts, _ = await lock_pos_batch(session, program_id, {claim.member_id}, {receipt_id}, ())
    account = survivor_of(accounts, claim.member_id)
    if account is None or not account.is_open:
        raise MemberUnknown("No such member in this programme.")
    counted = (program_id, account.account_id, receipt_id, now)
    directory = await load_directory(session, program_id, ())
    policies = directory.policies_by_version
    sale = (await list_by_id(session, program_id, policies, {receipt_id})).get(receipt_id)
    members = {claim.member_id, account.account_id}
    if sale is not None and _fits(sale, claim) and sale.member_id in members:
        return sale
    wrong = await find_wrong_claims(session, *counted)
    wrong.check()
    if sale is None or not _fits(sale, claim):
        await count_wrong_claim(session, *counted)
        return ReceiptUnknown("No such receipt, or its total is another.")
    if sale.status == REJECTED and await was_claim_rejected(
        session, program_id, receipt_id, sale.member_id
    ):
        sale.status = ANONYMOUS  # It was somebody else's claim: the paper may be this member's.
    if sale.status != ANONYMOUS:
        _refuse(sale)
    if sale.purchased_at < now - claim_window:
        raise ClaimTooLate(
            f"Receipts can be claimed for {claim_window.days} days.", days_max=claim_window.days
        )
    by = f"{CLAIMED_BY}{claim.member_id}"
    found = (sale, account)
    cases = await review_claims(session, program_id, directory.review, [found], by, wrong.why())
    await _give(session, now, program_id, policies, found, cases, origin)
    return sale


async def _give(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    policies: Mapping[int, Policy],
    found: tuple[Stored, Account],
    cases: Mapping[UUID, NewCase],
    origin: tuple[str, str],
) -> None:
    sale, account = found
    accounts = {account.account_id: account}
    refunds = await list_refunds(session, program_id, policies, {sale.transaction_id})
    undone = refunds.get(sale.transaction_id, [])
    await load_lots(session, program_id, accounts)
    await load_usages(session, program_id, accounts, limits_of([sale]))
    await load_told_events_of(session, program_id, accounts, policies.values())
    write = Write()
    write.books.origin = origin
    if cases:
        hold_back(write, account, sale, undone)
    else:
        attribute(write, program_id, now, account, sale, undone)
    await write_books(session, program_id, now, write)
    await insert_cases(session, program_id, now, list(cases.values()))


def _fits(sale: Stored, claim: ReceiptClaim) -> bool:
    is_there = sale.kind == "sale" and sale.status != AWAITED
    return is_there and sale.total_minor == claim.total_minor


def _refuse(sale: Stored) -> NoReturn:
    """Say why a receipt that is not the member's cannot be claimed."""
    if sale.status in {IN_REVIEW, REJECTED}:
        raise ReceiptInReview("Somebody looks at this receipt first.", status=sale.status)
    raise ReceiptAlreadyClaimed("This receipt belongs to somebody already.")
