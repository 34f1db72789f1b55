"""Pending points become good by hand or because something happened; once for each request."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.errors import NothingPending
from services.points.domain.ledger.account_checks import check_open
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.lots import LotTerms, OpenLot
from services.points.domain.receipts.receipt_books import derived_id
from services.points.storage.expiry.activations import keep_event, list_awaited_events
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts, survivor_of
from services.points.storage.request_keys import find_answer, hash_request, keep_answer
from shared.contracts.points import LotActivated, PointsActivated
from shared.outbox import News, tell

_OPERATION = "activate_points"


@dataclass(frozen=True, slots=True)
class ActivationAsked:
    """Which points and why. By `event`: those that wait for it, of `source_id` only if that is
    given. By hand: those of the lot or of the source, with a reason."""

    member_id: UUID
    made_by: str
    idempotency_key: str
    event: str | None = None
    lot_version: int | None = None
    source_id: UUID | None = None
    reason_code: str | None = None
    note: str | None = None

    @property
    def said(self) -> str:
        """What tells it from another request with the same key: stored and compared for ever, and
        so written out as it first was."""
        return (
            f"ActivationAsked(member_id={self.member_id!r}, made_by={self.made_by!r}, "
            f"idempotency_key={self.idempotency_key!r}, event={self.event!r}, "
            f"lot_version={self.lot_version!r}, source_id={self.source_id!r}, "
            f"reason_code={self.reason_code!r}, note={self.note!r})"
        )


async def activate_points(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    asked: ActivationAsked,
    guard: Callable[[LotTerms], None] | None = None,
) -> Mapping[str, Any]:
    """Make them good, and tell. Returns the answer; the same key again gets the same. Whoever was
    merged into another has their points there, and the answer names the other. `guard` raises for
    lots that are not the caller's to touch.

    By hand, raises `NothingPending` when nothing fits. An event may find nothing: it is remembered
    for points that come later, of its source, or of what the member had earned by now. Raises
    `MemberUnknown`, `IdempotencyKeyReused`.
    """
    accounts = await lock_accounts(session, program_id, {asked.member_id})
    account = survivor_of(accounts, asked.member_id)
    assert account is not None
    check_open(account)
    asked_hash = hash_request(asked.said)
    operation, key = f"{_OPERATION} of {asked.made_by}", asked.idempotency_key
    stored = await find_answer(session, program_id, operation, key, asked_hash, former=_OPERATION)
    if stored is not None:
        return stored
    if asked.event is not None:
        about = (asked.event, asked.source_id, asked.made_by)
        await keep_event(session, program_id, account.account_id, *about, now)
    await load_lots(session, program_id, {account.account_id: account})
    lots = await _choose(session, program_id, account, asked)
    if not lots and asked.event is None:
        raise NothingPending("No pending points fit this.")
    write = Write()
    for lot in lots:
        if guard is not None:
            guard(lot.terms)
        reason = json.dumps(_reason(asked, lot))
        write.books.change_lot(account, lot, "activated", reason, pending=False, activates_at=None)
    await write_books(session, program_id, now, write)
    answer = _answer(account, lots)
    await keep_answer(session, program_id, operation, key, asked_hash, answer, now)
    if lots:
        await tell(session, [News(_told(program_id, now, account, asked, lots), now)])
    return answer


async def _choose(
    session: AsyncSession, program_id: UUID, account: Account, asked: ActivationAsked
) -> list[OpenLot]:
    lots = [lot for lot in account.lots if lot.terms.pending]
    if asked.lot_version is not None:
        lots = [lot for lot in lots if lot.version == asked.lot_version]
    if asked.source_id is not None:
        sources = _sources_of(asked.source_id, account.tier_version)
        lots = [lot for lot in lots if lot.source_id in sources]
    if asked.event is not None:
        awaited = await list_awaited_events(session, program_id, account.account_id)
        lots = [lot for lot in lots if awaited.get(lot.version) == asked.event]
    return lots


def _sources_of(source_id: UUID, tier_version: int) -> set[UUID]:
    """The source, and what changes of the tier added to it later."""
    rerates = (derived_id(source_id, "rerate", n) for n in range(1, tier_version + 1))
    return {source_id, *rerates}


def _reason(asked: ActivationAsked, lot: OpenLot) -> dict[str, Any]:
    activates_at = lot.terms.activates_at
    facts: dict[str, Any] = {
        "rule": "by_hand" if asked.event is None else "event",
        "made_by": asked.made_by,
        "activates_at": None if activates_at is None else activates_at.isoformat(),
    }
    if asked.event is not None:
        return {**facts, "event": asked.event}
    return {**facts, "reason_code": asked.reason_code, "note": asked.note}


def _answer(account: Account, lots: Sequence[OpenLot]) -> dict[str, Any]:
    return {
        "member_id": str(account.account_id),
        "points": sum(lot.remaining for lot in lots),
        "lots": [{"lot_version": lot.version, "points": lot.remaining} for lot in lots],
        "balance": account.balance,
        "pending": account.pending,
    }


def _told(
    program_id: UUID,
    now: datetime,
    account: Account,
    asked: ActivationAsked,
    lots: Sequence[OpenLot],
) -> PointsActivated:
    return PointsActivated(
        program_id=program_id,
        account_id=account.account_id,
        member_id=account.member_id,
        wallet=account.wallet,
        points=sum(lot.remaining for lot in lots),
        lots=tuple(LotActivated(lot_version=lot.version, points=lot.remaining) for lot in lots),
        cause="staff" if asked.event is None else "event",
        event=asked.event,
        activated_at=now,
    )
