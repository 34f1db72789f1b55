"""Plain sales of many tills: look, decide, write and tell, in two round trips without locks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.points.domain.receipts.receipts import Bounds
from services.points.domain.reviews.review import why_review
from services.points.storage.expiry.activations import load_told_events
from services.points.storage.ledger.book_rows import Seen
from services.points.storage.ledger.books import write_plain_sales
from services.points.storage.receipts.directory import Rulebooks
from services.points.storage.receipts.plain_sales import Glance, glance_at_sales
from services.points.storage.receipts.pos_batch import (
    Answer,
    Item,
    Look,
    TillBatch,
    decide,
    open_batch,
    outcome_of,
)
from shared.db import Collision, Statements
from shared.errors import DomainError


async def record_plain_sales(
    statements: Statements,
    now: datetime,
    bounds: Bounds,
    rulebooks: Rulebooks,
    batches: Sequence[TillBatch],
) -> list[Answer] | None:
    """One answer a batch, or None when locks are needed: nothing is stored then.

    Plain are new sales of members with an open account, or of nobody, in one programme, without a
    tender of points. All else, and sales whose member moved meanwhile, `record_pos_transactions`
    records under locks.
    """
    program_id = batches[0].program_id
    if any(batch.program_id != program_id for batch in batches):
        return None
    receipts = [receipt for batch in batches for receipt in batch.receipts]
    if any(receipt.kind != "sale" for receipt in receipts):
        return None
    if any(receipt.is_paid_by_points for receipt in receipts if receipt.tenders):
        return None
    if len({receipt.transaction_id for receipt in receipts}) < len(receipts):
        return None
    glance = await glance_at_sales(statements, program_id, rulebooks, batches)
    if glance.is_any_known or glance.is_short:
        return None
    return await _record(statements, program_id, now, bounds, glance, batches)


async def _record(
    statements: Statements,
    program_id: UUID,
    now: datetime,
    bounds: Bounds,
    glance: Glance,
    batches: Sequence[TillBatch],
) -> list[Answer] | None:
    opened: list[list[Item] | DomainError] = []
    for batch in batches:
        try:
            opened.append(open_batch(batch, glance.directory, now, bounds))
        except DomainError as error:
            opened.append(error)
    items = [item for found in opened if isinstance(found, list) for item in found]
    open_items = [item for item in items if item.outcome is None]
    terms = [policy.pending for policy in glance.directory.policies]
    await load_told_events(statements, program_id, glance.accounts, terms)
    look = Look(glance.accounts, {}, {})
    seen = _find_members(glance, open_items)
    if seen is None or _is_any_suspicious(program_id, glance, open_items):
        return None
    for item in open_items:
        item.outcome = decide(look, program_id, now, glance.directory, item)
    if look.write.records:
        try:
            await write_plain_sales(statements, program_id, now, seen, look.write)
        except Collision:
            return None
    return [
        found if isinstance(found, DomainError) else [outcome_of(item) for item in found]
        for found in opened
    ]


def _find_members(glance: Glance, items: Sequence[Item]) -> list[Seen] | None:
    """Give each item its member; what was seen of their accounts. None when one is not known."""
    seen: dict[UUID, Seen] = {}
    numbers: Mapping[str, UUID] = glance.numbers
    for item in items:
        receipt = item.receipt
        member_id = receipt.member_id
        if receipt.member_number is not None:
            member_id = numbers.get(receipt.member_number)
            if member_id is None:
                return None
        if member_id is None:
            continue
        account = glance.accounts.get(member_id)
        if account is None:
            return None
        item.member_id = member_id
        seen[member_id] = Seen(
            member_id, account.version, account.tier_version, account.pending, account.held
        )
    return list(seen.values())


def _is_any_suspicious(program_id: UUID, glance: Glance, items: Sequence[Item]) -> bool:
    """Whether somebody must look at one of them first. It is judged again under locks."""
    if glance.traces is None:
        return False
    rules = glance.directory.review
    return any(
        [
            why_review(rules, program_id, item.receipt, item.member_id, glance.traces)
            for item in items
        ]
    )
