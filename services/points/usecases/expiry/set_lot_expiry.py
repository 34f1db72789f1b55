"""Staff let points last longer, or end earlier where they say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.errors import ExpiryInPast, ShorteningNeedsCheck
from services.points.domain.expiry.expiry_changes import (
    ChangedLot,
    ChangeKind,
    ExpiryChange,
    change_ends,
    shortened,
)
from services.points.domain.ledger.adjustments import AdjustmentRules
from services.points.domain.ledger.errors import LotUnknown, MemberUnknown
from services.points.domain.ledger.lots import OpenLot
from services.points.domain.receipts.receipts import local_day
from services.points.storage.ledger.adjustments import find_rules, sum_unchecked
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.ledger.change_news import ends_changed
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from services.points.storage.request_keys import find_answer, hash_request, keep_answer
from services.points.storage.zones import load_zones
from shared.outbox import News, tell

_OPERATION = "set_lot_expiry"


@dataclass(frozen=True, slots=True)
class ExpiryRequest:
    """What staff ask for: of the member's lots with these versions, or of all that are open."""

    member_id: UUID
    lot_versions: Sequence[int] | None
    change: ExpiryChange
    reason_code: str
    note: str
    made_by: str
    idempotency_key: str


async def set_lot_expiry(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    request: ExpiryRequest,
    points_unchecked_max: int,
) -> tuple[dict[str, Any], bool]:
    """Change the ends once for the idempotency key. Returns the answer, and whether it is new.

    More points than one person may take of a member without a check cannot be made to end earlier:
    `points_unchecked_max` holds where the programme has set no rules for adjustments.

    Lots that ended and are not yet taken by the night can be given more time. Raises
    `MemberUnknown`, `LotUnknown`, `ExpiryInPast`, `ExpiryTooFar`, `ShorteningNeedsCheck`,
    `IdempotencyKeyReused`.
    """
    accounts = await lock_accounts(session, program_id, {request.member_id})
    operation, key = f"{_OPERATION} of {request.made_by}", request.idempotency_key
    asked = _hash_of(request)
    stored = await find_answer(session, program_id, operation, key, asked, former=_OPERATION)
    if stored is not None:
        return stored, False
    account = accounts[request.member_id]
    if not account.is_open:
        raise MemberUnknown("No such member in this programme.")
    zone_of = await load_zones(session, program_id)
    _check_not_over(request.change, local_day(now, zone_of(None)))
    await load_lots(session, program_id, accounts)
    write, lots = Write(), _chosen(account.lots, request.lot_versions)
    reason = _reason_of(request)
    changed = change_ends(write.books, account, lots, request.change, zone_of, reason)
    taken = shortened(changed)
    await _check_shortened(session, now, program_id, request, taken, points_unchecked_max)
    if write.books.lot_changes:
        await write_books(session, program_id, now, write)
        told = ends_changed(program_id, now, account, "staff", changed)
        await tell(session, [News(event, now) for event in told])
    answer = _answer_of(request, changed, now)
    await keep_answer(session, program_id, operation, key, asked, answer, now)
    return answer, True


def _hash_of(request: ExpiryRequest) -> bytes:
    return hash_request(
        request.made_by,
        request.member_id,
        request.lot_versions,
        request.change,
        request.reason_code,
        request.note,
    )


def _check_not_over(change: ExpiryChange, today: date) -> None:
    if change.kind is ChangeKind.LAST_DAY and (change.on is None or change.on < today):
        raise ExpiryInPast("The last day must not be over.")


def _chosen(lots: Sequence[OpenLot], versions: Sequence[int] | None) -> list[OpenLot]:
    if versions is None:
        return list(lots)
    by_version = {lot.version: lot for lot in lots}
    unknown = sorted(set(versions) - set(by_version))
    if unknown:
        raise LotUnknown("No points are left in such a lot.", lot_versions=unknown)
    return [by_version[version] for version in sorted(set(versions))]


def _reason_of(request: ExpiryRequest) -> dict[str, Any]:
    return {
        "rule": "set_by_staff",
        "reason_code": request.reason_code,
        "note": request.note,
        "made_by": request.made_by,
    }


async def _check_shortened(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    request: ExpiryRequest,
    points: int,
    points_unchecked_max: int,
) -> None:
    """What is to end earlier is as good as taken: as much of it as of adjustments needs a check."""
    if not points:
        return
    rules = await find_rules(session, program_id) or AdjustmentRules(0, points_unchecked_max)
    before = await sum_unchecked(session, program_id, request.member_id, request.made_by, now)
    if rules.needs_check(-points, before):
        raise ShorteningNeedsCheck(
            "So many points cannot be made to end earlier by one person. Ask for an adjustment, "
            "which somebody else checks.",
            points=points,
            left=max(0, rules.points_unchecked_max - before.taken),
        )


def _answer_of(
    request: ExpiryRequest, changed: Sequence[ChangedLot], now: datetime
) -> dict[str, Any]:
    return {
        "lots": [
            {
                "lot_version": lot.lot_version,
                "points": lot.points,
                "before": None if lot.before is None else lot.before.isoformat(),
                "after": None if lot.after is None else lot.after.isoformat(),
            }
            for lot in changed
        ],
        "made_by": request.made_by,
        "recorded_at": now.isoformat(),
    }
