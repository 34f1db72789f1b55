"""An anonymous receipt finds its member: late, once, by the rules of its purchase time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.errors import MemberUnknown
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
from services.points.storage.receipts.attribution import attribute
from services.points.storage.receipts.directory import load_policies
from services.points.storage.receipts.pos_transactions import load_lots, lock_pos_batch, survivor_of
from services.points.storage.receipts.stored_receipts import list_by_id, list_refunds
from services.points.storage.receipts.usages import limits_of, load_usages


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
) -> Stored:
    """Post the receipt to the member. A repeat by the same member answers with what is stored.

    Raises `MemberUnknown`, `ReceiptUnknown` (also when the total does not fit),
    `ReceiptAlreadyClaimed`, `ClaimTooLate`.
    """
    receipt_id = transaction_id_of(program_id, claim.key)
    accounts, _ = await lock_pos_batch(session, program_id, {claim.member_id}, {receipt_id}, ())
    account = survivor_of(accounts, claim.member_id)
    if account is None or not account.is_open:
        raise MemberUnknown("No such member in this programme.")
    policies = await load_policies(session, program_id)
    sale = (await list_by_id(session, program_id, policies, {receipt_id})).get(receipt_id)
    if sale is None or sale.kind != "sale" or sale.status == AWAITED:
        raise ReceiptUnknown("No such receipt, or its total is another.")
    if sale.total_minor != claim.total_minor:
        raise ReceiptUnknown("No such receipt, or its total is another.")
    if sale.status != ANONYMOUS:
        if sale.member_id in {claim.member_id, account.account_id}:
            return sale
        if sale.status in {IN_REVIEW, REJECTED}:
            raise ReceiptInReview("Somebody looks at this receipt first.", status=sale.status)
        raise ReceiptAlreadyClaimed("This receipt belongs to somebody already.")
    if sale.purchased_at < now - claim_window:
        raise ClaimTooLate(
            f"Receipts can be claimed for {claim_window.days} days.", days_max=claim_window.days
        )
    refunds = await list_refunds(session, program_id, policies, {receipt_id})
    await load_lots(session, program_id, accounts)
    await load_usages(session, program_id, accounts, limits_of([sale]))
    await load_told_events_of(session, program_id, accounts, policies.values())
    write = Write()
    write.books.origin = origin
    attribute(write, program_id, now, account, sale, refunds.get(receipt_id, []))
    await write_books(session, program_id, now, write)
    return sale
