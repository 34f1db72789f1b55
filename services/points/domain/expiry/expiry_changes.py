"""Lots last longer, or shorter where that is said: no points move."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from json import dumps
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.expiry.expiry import add_months, end_of_day
from services.points.domain.ledger.ledger import Account, Books
from services.points.domain.ledger.lots import OpenLot, spending_order
from services.points.domain.receipts.receipts import local_day

ZoneOf = Callable[[UUID | None], str]
_INSTANT = timedelta(microseconds=1)


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
    """When a lot that ends at `expires_at` ends after the change, in whole days of the mall."""
    if change.kind is ChangeKind.NEVER:
        return None
    if change.kind is ChangeKind.LAST_DAY:
        assert change.on is not None
        wanted = end_of_day(change.on, time_zone)
        shortens = expires_at is None or wanted < expires_at
        return expires_at if shortens and not change.may_shorten else wanted
    if expires_at is None:
        return None
    last_day = local_day(expires_at - _INSTANT, time_zone)
    if change.kind is ChangeKind.DAYS:
        return end_of_day(last_day + timedelta(days=change.amount), time_zone)
    return end_of_day(add_months(last_day, change.amount), time_zone)


def change_ends(
    books: Books,
    account: Account,
    lots: Sequence[OpenLot],
    change: ExpiryChange,
    zone_of: ZoneOf,
    reason: dict[str, Any],
) -> list[ChangedLot]:
    """Change the lots of the account, the earliest end first; the reason stays with each."""
    done = []
    for lot in sorted(lots, key=spending_order):
        before = lot.expires_at
        after = changed_end(change, before, zone_of(lot.terms.mall_id))
        if after != before:
            told = {**reason, "before": _text(before), "after": _text(after)}
            books.change_lot(account, lot, "expiry_set", dumps(told), expires_at=after)
        done.append(ChangedLot(lot.version, lot.remaining, before, after))
    return done


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
