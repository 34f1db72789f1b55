"""Receipts of many tills at once: lock, look, decide, write, tell."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain import errors, receipt_books
from services.points.domain.earning import policy_at, rate_lines
from services.points.domain.ledger import Account
from services.points.domain.pos_records import AWAITED, WAITING_SALE, Stored
from services.points.domain.receipts import Bounds, Receipt, Shop, check_receipt
from services.points.storage import pos_news
from services.points.storage.attribution import settle_refunds
from services.points.storage.books import NewRecord, Write, write_books
from services.points.storage.directory import Directory, load_directory, resolve_numbers
from services.points.storage.pos_transactions import (
    find_members_of_receipts,
    insert_conflicts,
    list_by_id,
    list_refunds,
    load_lots,
    lock_pos_batch,
)
from shared.db import Collision
from shared.errors import DomainError, Rejected

_CHUNK = 100


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
class _Item:
    receipt: Receipt
    shop: Shop
    batch: TillBatch
    outcome: Outcome | None = None
    member_id: UUID | None = None


@dataclass(slots=True)
class _Look:
    """Everything locked and read for one programme's receipts."""

    accounts: dict[UUID, Account]
    known: dict[UUID, Stored]
    refunds: dict[UUID, list[Stored]]
    write: Write = field(default_factory=Write)
    fresh: set[UUID] = field(default_factory=set)
    conflicts: list[tuple[UUID, bytes, str, str]] = field(default_factory=list)


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
        items: dict[int, list[_Item]] = {}
        for place in places:
            try:
                items[place] = _open_batch(batches[place], directory, now, bounds)
            except DomainError as error:
                answers[place] = error
        await _record(session, program_id, now, directory, [i for b in items.values() for i in b])
        for place, batch_items in items.items():
            answers[place] = [_outcome(item) for item in batch_items]
    return [answer for answer in answers if answer is not None]


def _outcome(item: _Item) -> Outcome:
    assert item.outcome is not None
    return item.outcome


def _open_batch(
    batch: TillBatch, directory: Directory, now: datetime, bounds: Bounds
) -> list[_Item]:
    """Check the till, then each receipt in itself. Raises what refuses the whole batch."""
    till = directory.tills.get((batch.shop_id, batch.till_id))
    shop = directory.shops.get(batch.shop_id)
    if till is None or shop is None:
        raise errors.TillUnknown("This till is not known here yet. Send the same again.")
    if not till.is_active:
        raise errors.TillInactive("This till is switched off.")
    is_previous = batch.key_version == till.key_version - 1
    if batch.key_version != till.key_version and not (
        is_previous and till.previous_key_until is not None and now < till.previous_key_until
    ):
        raise errors.TillKeyRetired("This key version is not in use.", key_version=till.key_version)
    items = []
    for receipt in batch.receipts:
        item = _Item(receipt, shop, batch)
        try:
            _check_place(receipt, batch, directory)
            check_receipt(receipt, shop, now, bounds)
        except DomainError as error:
            item.outcome = Outcome("rejected", receipt.transaction_id, error=error)
        items.append(item)
    return items


def _check_place(receipt: Receipt, batch: TillBatch, directory: Directory) -> None:
    if receipt.key.shop_id != batch.shop_id:
        raise errors.WrongShop("A till sends the receipts of its own shop.")
    if (batch.shop_id, receipt.key.till_id) not in directory.tills:
        raise errors.UnknownTill("The shop has no such till in the directory.")


async def _record(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    directory: Directory,
    items: Sequence[_Item],
) -> None:
    open_items = [item for item in items if item.outcome is None]
    if not open_items:
        return
    look = await _lock_and_look(session, program_id, directory, open_items)
    sales = [item for item in open_items if item.receipt.kind == "sale"]
    refunds = [item for item in open_items if item.receipt.kind == "refund"]
    # Sales first: a refund may travel in the same batch as what it undoes.
    for number, item in enumerate([*sales, *refunds]):
        if number % _CHUNK == _CHUNK - 1:
            await asyncio.sleep(0)
        look.write.books.origin = item.batch.origin
        item.outcome = _seen_before(look, item) or _decide(look, program_id, now, directory, item)
    if look.conflicts:
        await insert_conflicts(session, program_id, now, look.conflicts)
    if look.write.records:
        await write_books(session, program_id, now, look.write)


async def _lock_and_look(
    session: AsyncSession, program_id: UUID, directory: Directory, items: Sequence[_Item]
) -> _Look:
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
    accounts, present = await lock_pos_batch(
        session, program_id, account_ids, {i.receipt.transaction_id for i in items}, originals
    )
    if not present:
        return _Look(accounts, {}, {})
    policies = directory.policies_by_version
    known = await list_by_id(session, program_id, policies, present)
    sale_ids = originals | {key for key, stored in known.items() if stored.status == AWAITED}
    refunds = await list_refunds(session, program_id, policies, sale_ids) if sale_ids else {}
    if sale_ids:
        await load_lots(session, program_id, accounts)
    return _Look(accounts, known, refunds)


def _seen_before(look: _Look, item: _Item) -> Outcome | None:
    receipt = item.receipt
    stored = look.known.get(receipt.transaction_id)
    if stored is None or stored.status == AWAITED:
        return None
    if stored.fingerprint == receipt.fingerprint:
        return Outcome("duplicate", receipt.transaction_id, stored)
    sent_by = f"till {item.batch.shop_id}/{item.batch.till_id}"
    look.conflicts.append((receipt.transaction_id, receipt.fingerprint, receipt.content, sent_by))
    error = errors.ReceiptConflict(
        "This receipt was stored with other content. Both are kept for audit.",
        transaction_id=str(receipt.transaction_id),
    )
    return Outcome("conflict", receipt.transaction_id, stored, error)


def _decide(
    look: _Look, program_id: UUID, now: datetime, directory: Directory, item: _Item
) -> Outcome:
    stored = _new_stored(item, now)
    fills = stored.transaction_id in look.known
    if stored.kind == "sale":
        policy = policy_at(directory.policies, stored.purchased_at)
        stored.rating = rate_lines(policy, stored.shop_id, stored.lines)
        _take_sale(look, program_id, stored, item.member_id)
    else:
        try:
            _take_refund(look, program_id, stored)
        except Rejected as error:
            return Outcome("rejected", stored.transaction_id, error=error)
        # Refunds that took this one for a sale are refused by now, not left waiting.
        waited = look.refunds.get(stored.transaction_id, ())
        settle_refunds(look.write, program_id, None, stored, waited)
    look.known[stored.transaction_id] = stored
    look.fresh.add(stored.transaction_id)
    look.write.records.append(NewRecord(stored, item.receipt.content, fills))
    return Outcome("accepted", stored.transaction_id, stored)


def _take_sale(look: _Look, program_id: UUID, sale: Stored, member_id: UUID | None) -> None:
    account = look.accounts.get(member_id) if member_id is not None else None
    receipt_books.post_sale(look.write.books, account, sale)
    pos_news.tell_recorded(look.write, program_id, sale, sale)
    waited = look.refunds.get(sale.transaction_id, ())
    look.refunds[sale.transaction_id] = settle_refunds(
        look.write, program_id, account, sale, waited
    )


def _take_refund(look: _Look, program_id: UUID, refund: Stored) -> None:
    sale = look.known.get(refund.receipt_id)
    if sale is None or sale.status == AWAITED:
        refund.status = WAITING_SALE
        look.refunds.setdefault(refund.receipt_id, []).append(refund)
        return
    earlier = look.refunds.setdefault(sale.transaction_id, [])
    receipt_books.check_fits(sale, refund, earlier)
    account = look.accounts.get(sale.member_id) if sale.member_id is not None else None
    if sale.member_id is not None and account is None:
        raise Collision("The sale found its member meanwhile.")
    receipt_books.apply_refund(look.write.books, account, sale, refund, earlier)
    earlier.append(refund)
    pos_news.tell_recorded(look.write, program_id, refund, sale)
    if sale.transaction_id not in look.fresh:
        look.write.changes[sale.transaction_id] = sale


def _new_stored(item: _Item, now: datetime) -> Stored:
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
    )
