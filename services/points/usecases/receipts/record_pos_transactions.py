"""Receipts of many tills at once: lock, look, decide, write, tell."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.earning import policy_at
from services.points.domain.receipts.pos_records import AWAITED
from services.points.domain.receipts.receipts import Bounds
from services.points.domain.reviews.review import Traces, what_to_look_for
from services.points.storage.expiry.activations import load_told_events_of
from services.points.storage.ledger.books import write_books
from services.points.storage.receipts.directory import Directory, load_directory, resolve_numbers
from services.points.storage.receipts.paid_receipts import keep_returned, load_paid_receipts
from services.points.storage.receipts.pos_batch import (
    Answer,
    Item,
    Look,
    TillBatch,
    decide,
    open_batch,
    outcome_of,
)
from services.points.storage.receipts.pos_transactions import load_lots, lock_pos_batch, survivor_of
from services.points.storage.receipts.stored_receipts import (
    find_members_of_receipts,
    insert_conflicts,
    insert_mismatches,
    list_by_id,
    list_refunds,
)
from services.points.storage.receipts.usages import load_usages
from services.points.storage.reviews.cases import insert_cases
from services.points.storage.reviews.reviews import load_traces
from services.points.storage.spending.redemptions import find_accounts_that_paid
from shared.errors import DomainError

_CHUNK = 100


async def record_pos_transactions(
    session: AsyncSession, now: datetime, bounds: Bounds, batches: Sequence[TillBatch]
) -> list[Answer]:
    """One answer a batch, in order: an outcome for each receipt, or why the till is refused.

    Raises `Collision` when a receipt was stored by somebody else meanwhile: do it again.
    """
    answers: list[Answer | None] = [None] * len(batches)
    for program_id in sorted({batch.program_id for batch in batches}):
        places = [i for i, batch in enumerate(batches) if batch.program_id == program_id]
        shop_ids = sorted({batches[i].shop_id for i in places})
        directory = await load_directory(session, program_id, shop_ids)
        items: dict[int, list[Item]] = {}
        for place in places:
            try:
                items[place] = open_batch(batches[place], directory, now, bounds)
            except DomainError as error:
                answers[place] = error
        await _record(session, program_id, now, directory, [i for b in items.values() for i in b])
        for place, batch_items in items.items():
            answers[place] = [outcome_of(item) for item in batch_items]
    return [answer for answer in answers if answer is not None]


async def _record(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    directory: Directory,
    items: Sequence[Item],
) -> None:
    open_items = [item for item in items if item.outcome is None]
    if not open_items:
        return
    look = await _lock_and_look(session, program_id, now, directory, open_items)
    sales = [item for item in open_items if item.receipt.kind == "sale"]
    refunds = [item for item in open_items if item.receipt.kind == "refund"]
    # Sales first: a refund may travel in the same batch as what it undoes.
    for number, item in enumerate([*sales, *refunds]):
        if number % _CHUNK == _CHUNK - 1:
            await asyncio.sleep(0)
        item.outcome = decide(look, program_id, now, directory, item)
    if look.conflicts:
        await insert_conflicts(session, program_id, now, look.conflicts)
    if look.write.records:
        await write_books(session, program_id, now, look.write)
        await keep_returned(session, program_id, look.paid)
        differing = [look.known[id_] for id_ in look.fresh if look.known[id_].mismatch is not None]
        if differing:
            await insert_mismatches(session, program_id, now, differing)
    if look.cases:
        await insert_cases(session, program_id, now, look.cases)


async def _lock_and_look(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    directory: Directory,
    items: Sequence[Item],
) -> Look:
    numbers = sorted({i.receipt.member_number for i in items if i.receipt.member_number})
    resolved = await resolve_numbers(session, program_id, numbers) if numbers else {}
    for item in items:
        number = item.receipt.member_number
        item.member_id = resolved.get(number) if number else item.receipt.member_id
    originals = {i.receipt.original_id for i in items if i.receipt.original_id is not None}
    owners = (
        await find_members_of_receipts(session, program_id, sorted(originals)) if originals else {}
    )
    account_ids = {i.member_id for i in items if i.member_id is not None} | set(owners.values())
    # A sale need not say that points paid a part of it.
    named = originals | {i.receipt.transaction_id for i in items if i.receipt.kind == "sale"}
    account_ids |= await find_accounts_that_paid(session, program_id, sorted(named))
    accounts, present = await lock_pos_batch(
        session, program_id, account_ids, {i.receipt.transaction_id for i in items}, originals
    )
    for item in items:
        # What names a merged account is the survivor's.
        account = survivor_of(accounts, item.member_id)
        item.member_id = account.account_id if account is not None else None
    sold_at = [i.receipt.purchased_at for i in items if i.receipt.kind == "sale"]
    limits = [(policy_at(directory.policies, at).limits, at) for at in sold_at]
    await load_usages(session, program_id, accounts, limits)
    await load_told_events_of(session, program_id, accounts, directory.policies)
    traces = await _find_traces(session, program_id, directory, items)
    if not present:
        return Look(accounts, {}, {}, traces=traces)
    policies = directory.policies_by_version
    known = await list_by_id(session, program_id, policies, present)
    sale_ids = originals | {key for key, stored in known.items() if stored.status == AWAITED}
    refunds = await list_refunds(session, program_id, policies, sale_ids) if sale_ids else {}
    # A refund that waited may come again beside its sale: its answer is what it comes to now.
    again = {r.transaction_id: r for waited in refunds.values() for r in waited}
    known |= {id_: again[id_] for id_ in known.keys() & again.keys()}
    look = Look(accounts, known, refunds, traces=traces)
    if sale_ids:
        await load_lots(session, program_id, accounts)
        look.paid = await load_paid_receipts(session, program_id, now, sale_ids)
    return look


async def _find_traces(
    session: AsyncSession, program_id: UUID, directory: Directory, items: Sequence[Item]
) -> Traces | None:
    """What is known of the receipts' neighbours, where the programme has them reviewed."""
    if not directory.review.is_on:
        return None
    wanted = what_to_look_for(directory.review, program_id, [item.receipt for item in items])
    members = {item.member_id for item in items if item.member_id is not None}
    return await load_traces(session, program_id, directory.shops, members, wanted)
