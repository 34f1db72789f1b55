"""Stored sales that become somebody's later, by a claim or because their member joined: what could
not be seen when they came is looked at now."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts.pos_records import ANONYMOUS, WAITING_MEMBER, Stored
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.receipts.receipts import Receipt, ReceiptKey
from services.points.domain.reviews.review import (
    Per,
    ReviewRules,
    Traces,
    Why,
    rules_for_claims,
    rules_for_late_members,
    what_to_look_for,
    why_review,
)
from services.points.storage.reviews.cases import NewCase, list_approved
from services.points.storage.reviews.reviews import load_traces
from shared.db import driver

Found = Sequence[tuple[Stored, Account]]


async def review_claims(
    session: AsyncSession,
    program_id: UUID,
    rules: ReviewRules,
    found: Found,
    opened_by: str,
    known: Sequence[Why],
) -> dict[UUID, NewCase]:
    """Cases of nobody's sales that are to be these accounts', by sale. They count for velocities
    from now on. `known` is why besides. Sales and accounts are locked."""
    cases = await _review(session, program_id, rules_for_claims(rules), found, opened_by, known)
    if rules.velocities:
        await _watch(session, program_id, [sale.transaction_id for sale, _ in found])
    return cases


async def review_late_members(
    session: AsyncSession, program_id: UUID, rules: ReviewRules, found: Found
) -> dict[UUID, NewCase]:
    """Cases of sales that named these accounts before they were there, by sale. The oldest first;
    sales and accounts are locked."""
    return await _review(session, program_id, rules_for_late_members(rules), found)


async def _review(
    session: AsyncSession,
    program_id: UUID,
    rules: ReviewRules,
    found: Found,
    by: str | None = None,
    known: Sequence[Why] = (),
) -> dict[UUID, NewCase]:
    found = [pair for pair in found if pair[0].status in {ANONYMOUS, WAITING_MEMBER}]
    if not found or not (rules.is_on or known):
        return {}
    shops = {sale.shop_id for sale, _ in found}
    members = {account.account_id for _, account in found}
    wanted = what_to_look_for(rules, program_id, [_receipt_of(sale) for sale, _ in found])
    traces = await load_traces(session, program_id, shops, members, wanted)
    _leave_out(traces, found)
    pairs = [(sale.transaction_id, account.account_id) for sale, account in found]
    approved = await list_approved(session, program_id, pairs)
    cases = {}
    for sale, account in found:
        member_id = account.account_id
        receipt = _receipt_of(sale)
        why = [*known, *why_review(rules, program_id, receipt, member_id, traces)]
        if why and (sale.transaction_id, member_id) not in approved:
            case_id = derived_id(sale.transaction_id, "review", member_id)
            opened_by = by or f"till {sale.shop_id}/{sale.till_id}"
            case = NewCase(case_id, sale.transaction_id, member_id, why, opened_by)
            cases[sale.transaction_id] = case
    return cases


def _leave_out(traces: Traces, found: Found) -> None:
    """A sale that waited under its member's id is among their sales: it counts when it is judged,
    in the order of purchase."""
    for sale, account in found:
        if sale.member_id == account.account_id:
            instants = traces.instants.get((Per.MEMBER.value, str(sale.member_id)), [])
            if sale.purchased_at in instants:
                instants.remove(sale.purchased_at)


def _receipt_of(sale: Stored) -> Receipt:
    """As far as a review looks at it."""
    return Receipt(
        transaction_id=sale.transaction_id,
        kind=sale.kind,
        key=ReceiptKey(sale.shop_id, sale.till_id, sale.receipt_number, sale.business_date),
        purchased_at=sale.purchased_at,
        currency=sale.currency,
        total_minor=sale.total_minor,
        tendered_minor=None,
        lines=sale.lines,
        member_id=sale.member_id,
        member_number=sale.awaited_number,
        original=None,
        original_id=None,
        content="",
        fingerprint=sale.fingerprint,
        cashier_id=sale.cashier_id,
    )


async def _watch(session: AsyncSession, program_id: UUID, sale_ids: Iterable[UUID]) -> None:
    connection = await driver(session)
    await connection.execute(
        "UPDATE pos_transaction SET is_watched = true "
        "WHERE program_id = $1 AND transaction_id = ANY ($2::uuid[])",
        program_id,
        sorted(sale_ids),
    )
