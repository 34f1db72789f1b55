"""Lots: where points come from, until when they last, and in which order they are taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

ACTIVE = "active"
PENDING = "pending"


class LotTerms(NamedTuple):
    """What a credit's lot keeps: who issued it and pays for it, when it begins and ends.

    `pending` points are in the balance and cannot be spent; with `activates_at` they become active
    by the clock, without it by an event or by hand. `sliding_months`: each activity of the member
    moves the end to that many months after it. `earned_at` is the vintage. `origin_id`: the source
    that first made the points, when they came from another account.
    """

    expires_at: datetime | None = None
    mall_id: UUID | None = None
    shop_id: UUID | None = None
    campaign_id: UUID | None = None
    funding: str = "programme"
    pending: bool = False
    activates_at: datetime | None = None
    sliding_months: int | None = None
    earned_at: datetime | None = None
    origin_id: UUID | None = None


@dataclass(slots=True)
class OpenLot:
    """A lot with points left. `source_id` is the source that first made its points, on
    whatever account; `frozen_case` a case that keeps it from being spent."""

    version: int
    remaining: int
    source_id: UUID
    terms: LotTerms
    frozen_case: UUID | None = None

    @property
    def expires_at(self) -> datetime | None:
        """The first instant at which the points are gone; None for never."""
        return self.terms.expires_at

    def is_expired(self, now: datetime) -> bool:
        """Expired exactly at its end, not after it."""
        return self.terms.expires_at is not None and self.terms.expires_at <= now

    def is_spendable(self, now: datetime) -> bool:
        """Neither pending, frozen nor expired."""
        return not self.terms.pending and self.frozen_case is None and not self.is_expired(now)


class Repayment(NamedTuple):
    """`points` of what the account owed were taken out of a lot that a credit made or filled; with
    `nets` they undid the debt at that place."""

    account_id: UUID
    lot_version: int
    terms: LotTerms
    source_id: UUID
    points: int
    nets: tuple[int, ...] = ()


def spending_order(lot: OpenLot) -> tuple[bool, float, int]:
    """The earliest expiry first, the never-expiring last, older before newer."""
    expires_at = lot.terms.expires_at
    return (
        expires_at is None,
        expires_at.timestamp() if expires_at is not None else 0.0,
        lot.version,
    )


def claw_order(lot: OpenLot, own_source: UUID | None) -> tuple[bool, bool, bool, float, int]:
    """What is pending first, then what is good; of either the lot being undone before the others,
    and these as for spending."""
    return (not lot.terms.pending, lot.source_id != own_source, *spending_order(lot))


def available_points(lots: Iterable[OpenLot], balance: int, held: int, now: datetime) -> int:
    """What the member may spend now: never negative, never more than the balance.

    A hold counts on the lots that end first, also past their end: so expired lots are spent by
    the holds on them, and only what is held beyond them is taken off the others.
    """
    spendable = expired = 0
    for lot in lots:
        if lot.is_spendable(now):
            spendable += lot.remaining
        elif lot.is_expired(now) and not lot.terms.pending and lot.frozen_case is None:
            expired += lot.remaining
    return max(0, min(spendable - max(0, held - expired), balance))
