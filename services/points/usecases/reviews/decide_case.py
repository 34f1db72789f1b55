"""Somebody has looked at a receipt that was held back: it earns by the rules of its purchase time,
or never."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts.pos_records import (
    ANONYMOUS,
    IN_REVIEW,
    REJECTED,
    WAITING_MEMBER,
    Stored,
)
from services.points.domain.reviews.errors import CaseClosed, CaseUnknown
from services.points.storage.expiry.activations import load_told_events_of
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.attribution import attribute
from services.points.storage.receipts.directory import load_policies, resolve_numbers
from services.points.storage.receipts.pos_transactions import load_lots, lock_pos_batch, survivor_of
from services.points.storage.receipts.stored_receipts import list_by_id, list_refunds
from services.points.storage.receipts.usages import limits_of, load_usages
from services.points.storage.reviews.cases import (
    APPROVED,
    OPEN,
    Case,
    close_case,
    find_case,
    find_owner,
)
from services.points.storage.reviews.cases import REJECTED as CASE_REJECTED
from shared.db import Collision


@dataclass(frozen=True, slots=True)
class Decision:
    """Which case, whether the receipt may earn, who says so, and why."""

    case_id: UUID
    is_approved: bool
    note: str
    made_by: str

    @property
    def outcome(self) -> str:
        """As the case keeps it."""
        return APPROVED if self.is_approved else CASE_REJECTED


async def decide_case(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    decision: Decision,
    origin: tuple[str, str],
) -> Case:
    """Post the receipt and its refunds to its member, or put them away. Deciding the same again
    answers with what was decided. Raises `CaseUnknown`, `CaseClosed`."""
    case = await _find(session, program_id, decision.case_id)
    accounts, member_id = await _lock(session, program_id, case.transaction_id)
    case = await _find(session, program_id, decision.case_id)
    if case.status != OPEN:
        if case.outcome != decision.outcome:
            raise CaseClosed("This case was decided before.", outcome=case.outcome)
        return case
    ids = {case.transaction_id}
    policies = await load_policies(session, program_id)
    sale = (await list_by_id(session, program_id, policies, ids))[case.transaction_id]
    refunds = (await list_refunds(session, program_id, policies, ids)).get(sale.transaction_id, [])
    write = Write()
    write.books.origin = origin
    account = survivor_of(accounts, member_id)
    if not decision.is_approved:
        _put(write, sale, refunds, REJECTED)
    elif account is not None and account.is_open:
        await load_lots(session, program_id, accounts)
        await load_usages(session, program_id, accounts, limits_of([sale]))
        await load_told_events_of(session, program_id, accounts, policies.values())
        sale.status = ANONYMOUS
        attribute(write, program_id, now, account, sale, refunds)
    else:
        waits = account is not None or sale.awaited_number is not None
        _put(write, sale, refunds, WAITING_MEMBER if waits else ANONYMOUS)
    await write_books(session, program_id, now, write)
    case.status, case.outcome, case.note = "closed", decision.outcome, decision.note
    case.closed_by, case.closed_at = decision.made_by, now
    case.receipt_status, case.points, case.member_id = sale.status, sale.points, sale.member_id
    await close_case(session, program_id, case)
    return case


async def _find(session: AsyncSession, program_id: UUID, case_id: UUID) -> Case:
    case = await find_case(session, program_id, case_id)
    if case is None:
        raise CaseUnknown("No such case.")
    return case


async def _lock(
    session: AsyncSession, program_id: UUID, transaction_id: UUID
) -> tuple[dict[UUID, Account], UUID | None]:
    """Lock whose it is or will be, then the receipt. The number may have a member by now."""
    member_id, number = await find_owner(session, program_id, transaction_id)
    if member_id is None and number is not None:
        member_id = (await resolve_numbers(session, program_id, [number]))[number]
    owners = set() if member_id is None else {member_id}
    accounts, known = await lock_pos_batch(session, program_id, owners, {transaction_id}, ())
    if transaction_id not in known:
        raise Collision("The receipt moved meanwhile.")
    return accounts, member_id


def _put(write: Write, sale: Stored, refunds: Sequence[Stored], status: str) -> None:
    """No points move; its refunds share the sale's fate."""
    for stored in (sale, *(refund for refund in refunds if refund.status == IN_REVIEW)):
        stored.status = status
        write.changes[stored.transaction_id] = stored
