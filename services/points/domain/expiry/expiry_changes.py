"""Lots last longer, or shorter where that is said: no points move."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from json import dumps
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.expiry.errors import ExpiryTooFar
from services.points.domain.expiry.expiry import add_months, end_of_day
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import OpenLot, spending_order
from services.points.domain.receipts.receipts import local_day

ZoneOf = Callable[[UUID | None], str]
_INSTANT = timedelta(microseconds=1)
# No change lets points last longer than to the end of this day: further on calendars end.
LAST_DAY = date(2399, 12, 31)


class ChangeKind(StrEnum):
    """`last_day`: good to the end of that day. `never`: without an end. `days`, `months`: so much
    longer than now."""

    LAST_DAY = "last_day"
    NEVER = "never"
    DAYS = "days"
    MONTHS = "months"


class ExpiryChange(NamedTuple):
    """What is to become of the lots' ends. Only `may_shorten` lets points end earlier."""

    kind: ChangeKind
    amount: int = 0
    on: date | None = None
    may_shorten: bool = False


class ChangedLot(NamedTuple):
    """A lot, and its end before and after; equal when it was left as it was."""

    lot_version: int
    points: int
    before: datetime | None
    after: datetime | None


def changed_end(
    change: ExpiryChange, expires_at: datetime | None, time_zone: str
) -> datetime | None:
    """When a lot that ends at `expires_at` ends after the change, in whole days of the mall.

    Raises `ExpiryTooFar` when that is after `LAST_DAY`.
    """
    if change.kind is ChangeKind.NEVER:
        return None
    if change.kind is ChangeKind.LAST_DAY:
        assert change.on is not None
        wanted = _end_of(change.on, time_zone)
        shortens = expires_at is None or wanted < expires_at
        return expires_at if shortens and not change.may_shorten else wanted
    if expires_at is None:
        return None
    last_day = local_day(expires_at - _INSTANT, time_zone)
    if change.kind is ChangeKind.DAYS:
        return _end_of(last_day + timedelta(days=change.amount), time_zone)
    return _end_of(add_months(last_day, change.amount), time_zone)


def _end_of(day: date, time_zone: str) -> datetime:
    if day > LAST_DAY:
        raise ExpiryTooFar(
            f"Points cannot last longer than to {LAST_DAY}. Let them last for ever instead.",
            last_day=LAST_DAY.isoformat(),
        )
    return end_of_day(day, time_zone)


def change_ends(
    books: Books,
    account: Account,
    lots: Sequence[OpenLot],
    change: ExpiryChange,
    zone_of: ZoneOf,
    reason: dict[str, Any],
    *,
    is_bounded: bool = False,
) -> list[ChangedLot]:
    """Change the lots of the account, the earliest end first; the reason stays with each.

    Raises `ExpiryTooFar`; with `is_bounded` what would last longer lasts to `LAST_DAY`.
    """
    done = []
    for lot in sorted(lots, key=spending_order):
        before = lot.expires_at
        time_zone = zone_of(lot.terms.mall_id)
        try:
            after = changed_end(change, before, time_zone)
        except ExpiryTooFar:
            if not is_bounded:
                raise
            after = before and max(before, end_of_day(LAST_DAY, time_zone))
        if after != before:
            told = {**reason, "before": _text(before), "after": _text(after)}
            if _ends_earlier(before, after):
                told["shortened"] = lot.remaining
            books.change_lot(account, lot, "expiry_set", dumps(told), expires_at=after)
        done.append(ChangedLot(lot.version, lot.remaining, before, after))
    return done


def shortened(lots: Sequence[ChangedLot]) -> int:
    """How many points end earlier than they did."""
    return sum(lot.points for lot in lots if _ends_earlier(lot.before, lot.after))


def _ends_earlier(before: datetime | None, after: datetime | None) -> bool:
    return after is not None and (before is None or after < before)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
