"""A case freezes an account or one of its lots: points come in, none go out, none end.

Claw-backs still take what was never the member's. What ended while it was frozen lasts a few days
more after the thaw.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps
from typing import Any
from uuid import UUID

from services.points.domain.expiry.expiry import end_of_day
from services.points.domain.expiry.expiry_changes import ChangedLot, ZoneOf
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import LotUnknown
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import OpenLot
from services.points.domain.receipts.receipts import local_day


@dataclass(slots=True)
class Freeze:
    """A case as stored. Without `lot_version` it freezes the whole account."""

    case_id: UUID
    member_id: UUID
    lot_version: int | None
    reason_code: str
    note: str
    opened_by: str
    opened_at: datetime
    closed_by: str | None = None
    closed_at: datetime | None = None
    outcome: str | None = None


def standing_case(account: Account, lot_version: int | None) -> UUID | None:
    """The case that freezes it already. Raises `LotUnknown`."""
    if lot_version is None:
        return account.frozen_case
    return find_lot(account, lot_version).frozen_case


def freeze(books: Books, account: Account, case: Freeze) -> None:
    """Freeze the account, or the lot. Raises `LotUnknown`."""
    if case.lot_version is None:
        account.frozen_case = case.case_id
        books.accounts[account.account_id] = account
    else:
        lot = find_lot(account, case.lot_version)
        reason = _reason(case, case.opened_by)
        books.change_lot(account, lot, "frozen", reason, frozen_case=case.case_id)


def thaw(
    books: Books, account: Account, case: Freeze, now: datetime, grace_days: int, zone_of: ZoneOf
) -> list[ChangedLot]:
    """Undo it. The lots that ended meanwhile last `grace_days` more, whole days of their mall;
    they are returned."""
    longer = []
    if case.lot_version is None:
        account.frozen_case = None
        books.accounts[account.account_id] = account
    # Claw-backs may have emptied the frozen lot: what was paid out of it may yet come back to it.
    for lot in account.lots:
        if case.lot_version not in {None, lot.version}:
            continue
        is_ours = lot.frozen_case == case.case_id
        changes: dict[str, Any] = {"frozen_case": None} if is_ours else {}
        if (is_ours or lot.frozen_case is None) and _ended_meanwhile(lot, case, now):
            zone = zone_of(lot.terms.mall_id)
            last_day = local_day(now, zone) + timedelta(days=grace_days)
            changes["expires_at"] = end_of_day(last_day, zone)
            longer.append(
                ChangedLot(lot.version, lot.remaining, lot.expires_at, changes["expires_at"])
            )
        if changes:
            kind = "thawed" if is_ours else "expiry_set"
            reason = _reason(case, case.closed_by, lot.expires_at, changes.get("expires_at"))
            books.change_lot(account, lot, kind, reason, **changes)
    return longer


def find_lot(account: Account, version: int) -> OpenLot:
    """The account's lot with points left. Raises `LotUnknown`."""
    for lot in account.lots:
        if lot.version == version:
            return lot
    raise LotUnknown("No such lot with points left.")


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
    return dumps(facts)
