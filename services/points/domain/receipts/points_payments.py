"""What points paid of a receipt, by the books and by what its till says: the two may differ."""

from collections.abc import Sequence
from json import dumps, loads
from typing import NamedTuple

from services.points.domain.receipts.earning import Tenders

POINTS_TENDER = "points"


class PointsPayment(NamedTuple):
    """A payment by points of a receipt: what of it was not undone when the receipt was recorded,
    and the receipt's total when it was made; in minor units. None for what nobody asked then."""

    paid_minor: int
    claimed_minor: int | None


class Mismatch(NamedTuple):
    """Where a receipt and the payments by points differ, in minor units.

    `redeemed_minor` were paid by the books, `tendered_minor` by the receipt's tenders;
    `claimed_minor` is a total that a payment was made for, None when all were made for the
    receipt's own.
    """

    redeemed_minor: int
    tendered_minor: int
    claimed_minor: int | None


def find_mismatch(
    tenders: Tenders, total_minor: int, payments: Sequence[PointsPayment]
) -> Mismatch | None:
    """What the till should know, or None when both say the same. What was undone is not there."""
    tendered_minor = sum(amount for kind, amount in tenders if kind == POINTS_TENDER)
    standing = [payment for payment in payments if payment.paid_minor]
    redeemed_minor = sum(payment.paid_minor for payment in standing)
    others = [p.claimed_minor for p in standing if p.claimed_minor not in {None, total_minor}]
    claimed_minor = max((claimed for claimed in others if claimed is not None), default=None)
    if redeemed_minor == tendered_minor and claimed_minor is None:
        return None
    return Mismatch(redeemed_minor, tendered_minor, claimed_minor)


def tenders_as_paid(tenders: Tenders, mismatch: Mismatch | None) -> Tenders:
    """The tenders with what points paid by the books, where that is more than they say: the larger
    of the two is what points paid, and earns nothing where a policy leaves points out."""
    if mismatch is None or mismatch.redeemed_minor <= mismatch.tendered_minor:
        return tenders
    return [*tenders, (POINTS_TENDER, mismatch.redeemed_minor - mismatch.tendered_minor)]


def notes_with(notes: str | None, mismatch: Mismatch | None, total_minor: int) -> str:
    """The notes of a receipt, JSON, with what its payments by points differ in."""
    if mismatch is None:
        return notes or "[]"
    more: list[dict[str, object]] = []
    if mismatch.redeemed_minor != mismatch.tendered_minor:
        more.append(
            {
                "code": "points_tender_differs",
                "tendered_minor": mismatch.tendered_minor,
                "redeemed_minor": mismatch.redeemed_minor,
            }
        )
    if mismatch.claimed_minor is not None:
        more.append(
            {
                "code": "points_total_differs",
                "claimed_minor": mismatch.claimed_minor,
                "total_minor": total_minor,
            }
        )
    return dumps([*loads(notes or "[]"), *more])
