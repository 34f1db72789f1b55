"""Staff freeze an account or one of its lots: points come in, none go out, none end.

Claw-backs still take what was never the member's. What ended while it was frozen lasts a few days
more after the thaw.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain import errors
from services.points.domain.expiry import end_of_day
from services.points.domain.expiry_changes import ZoneOf
from services.points.domain.ledger import Account, Books
from services.points.domain.lots import OpenLot
from services.points.domain.receipts import local_day
from services.points.storage.books import Write, write_books
from services.points.storage.freezes import Freeze, close_freeze, find_freeze, insert_freeze
from services.points.storage.pos_transactions import load_lots, lock_accounts
from services.points.storage.zones import load_zones
from services.points.usecases.adjust_points import check_adjustable


@dataclass(frozen=True, slots=True)
class FreezeAsked:
    """What to freeze, who asks, and why. Without `lot_version` the whole account."""

    member_id: UUID
    lot_version: int | None
    reason_code: str
    note: str
    made_by: str


async def freeze(
    session: AsyncSession, now: datetime, program_id: UUID, case_id: UUID, asked: FreezeAsked
) -> tuple[Freeze, bool]:
    """Open a case. What is frozen already keeps its case: that is returned, and False.

    Raises `MemberUnknown`, `AccountMerged`, `LotUnknown`.
    """
    account = await _lock(session, program_id, asked.member_id)
    check_adjustable(account)
    lot = None if asked.lot_version is None else _find_lot(account, asked.lot_version)
    standing = account.frozen_case if lot is None else lot.frozen_case
    if standing is not None:
        found = await find_freeze(session, program_id, asked.member_id, standing)
        assert found is not None
        return found, False
    made = Freeze(
        case_id,
        asked.member_id,
        asked.lot_version,
        asked.reason_code,
        asked.note,
        asked.made_by,
        now,
    )
    write = Write()
    if lot is None:
        account.frozen_case = case_id
        write.books.accounts[account.account_id] = account
    else:
        reason = _reason(made, asked.made_by)
        write.books.change_lot(account, lot, "frozen", reason, frozen_case=case_id)
    await insert_freeze(session, program_id, made)
    await write_books(session, program_id, now, write)
    return made, True


@dataclass(frozen=True, slots=True)
class ThawAsked:
    """Which case to close, who does it, and what came of it."""

    member_id: UUID
    case_id: UUID
    closed_by: str
    outcome: str


async def thaw(
    session: AsyncSession, now: datetime, program_id: UUID, asked: ThawAsked, grace_days: int
) -> Freeze:
    """Close the case. One that is closed is returned as it is. Raises `FreezeUnknown`."""
    account = await _lock(session, program_id, asked.member_id)
    case = await find_freeze(session, program_id, asked.member_id, asked.case_id)
    if case is None:
        raise errors.FreezeUnknown("No such freeze of this member.")
    if case.closed_at is not None:
        return case
    case.closed_by, case.closed_at, case.outcome = asked.closed_by, now, asked.outcome
    zone_of = await load_zones(session, program_id)
    write = Write()
    if case.lot_version is None:
        account.frozen_case = None
        write.books.accounts[account.account_id] = account
    _thaw_lots(write.books, account, case, now, grace_days, zone_of)
    await close_freeze(session, program_id, case)
    await write_books(session, program_id, now, write)
    return case


def _thaw_lots(
    books: Books, account: Account, case: Freeze, now: datetime, grace_days: int, zone_of: ZoneOf
) -> None:
    # Claw-backs may have emptied a frozen lot meanwhile: then there is nothing to thaw.
    for lot in account.lots:
        if case.lot_version not in {None, lot.version}:
            continue
        is_ours = lot.frozen_case == case.case_id
        changes: dict[str, Any] = {"frozen_case": None} if is_ours else {}
        if (is_ours or lot.frozen_case is None) and _ended_meanwhile(lot, case, now):
            zone = zone_of(lot.terms.mall_id)
            last_day = local_day(now, zone) + timedelta(days=grace_days)
            changes["expires_at"] = end_of_day(last_day, zone)
        if changes:
            kind = "thawed" if is_ours else "expiry_set"
            reason = _reason(case, case.closed_by, lot.expires_at, changes.get("expires_at"))
            books.change_lot(account, lot, kind, reason, **changes)


async def _lock(session: AsyncSession, program_id: UUID, member_id: UUID) -> Account:
    accounts = await lock_accounts(session, program_id, {member_id})
    account = accounts[member_id]
    await load_lots(session, program_id, {member_id: account})
    return account


def _find_lot(account: Account, version: int) -> OpenLot:
    for lot in account.lots:
        if lot.version == version:
            return lot
    raise errors.LotUnknown("No such lot with points left.")


def _ended_meanwhile(lot: OpenLot, case: Freeze, now: datetime) -> bool:
    ends = lot.expires_at
    return ends is not None and case.opened_at < ends <= now


def _reason(
    case: Freeze,
    made_by: str | None,
    expires_before: datetime | None = None,
    expires_after: datetime | None = None,
) -> str:
    facts = {
        "rule": "freeze",
        "case_id": str(case.case_id),
        "reason_code": case.reason_code,
        "made_by": made_by,
    }
    if expires_before is not None and expires_after is not None:
        facts["before"] = expires_before.isoformat()
        facts["after"] = expires_after.isoformat()
    return json.dumps(facts)
