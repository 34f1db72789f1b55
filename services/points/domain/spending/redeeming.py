"""Points that pay at a till, and how they come back.

Each point comes back to the lot that it was taken from, with the end that the lot has, to the
newest lot first. How much came back so far decides where the next point goes: so the order and the
number of partial returns make no difference. Points that no lot covered come back before: those
that nobody repaid yet are owed no more, the others are as those that repaid them, the newest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps
from typing import NamedTuple
from uuid import UUID

from services.points.domain.expiry.expiry import end_of_day
from services.points.domain.expiry.expiry_changes import ZoneOf
from services.points.domain.ledger import ledger
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books, Cause, NewPosting
from services.points.domain.ledger.lots import LotTerms, OpenLot
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.receipts.receipts import local_day
from services.points.domain.spending.errors import ReversalExceedsRedemption
from services.points.domain.spending.on_credit import Owing, Place, place_of, repaid_by
from services.points.domain.spending.tariffs import Payment, Tariff

RETURN = "redemption_return"


def redeem(
    books: Books, account: Account, redemption_id: UUID, points: int, till: "AtTill"
) -> NewPosting:
    """Spend the points. Raises `InsufficientPoints` or `AccountFrozen`."""
    reason = {"rule": "redeemed", **till.told, "reference": till.reference}
    cause = Cause(
        "redeem",
        ledger.REDEMPTION,
        "redemption",
        redemption_id,
        dumps(reason),
        None,
        till.mall_id,
        till.shop_id,
    )
    return books.spend(account, points, cause, till.now)


class AtTill(NamedTuple):
    """Where and under which rules points pay."""

    now: datetime
    mall_id: UUID
    shop_id: UUID
    policy_version: int
    tier: str | None
    tariff: Tariff
    payment: Payment
    amount_minor: int
    currency: str
    reference: str

    @property
    def told(self) -> dict[str, object]:
        """What a reason says of it."""
        return {
            "policy_version": self.policy_version,
            "tier": self.tier,
            "step_points": self.tariff.step_points,
            "step_minor": self.tariff.step_minor,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "receipt_total_minor": self.payment.total_minor,
            "paid_before_minor": self.payment.paid_minor,
        }


class TakenLot(NamedTuple):
    """`points` of a lot went to a redemption."""

    lot_version: int
    terms: LotTerms
    source_id: UUID
    points: int


@dataclass(slots=True)
class Spent:
    """A redemption with the lots that it took, oldest first, and what came back so far.

    Points that no lot covered, of a capture that ended in debt, come back before all others;
    `owing` says who owed them since, and is empty when there are none. `amount_minor` is what it
    paid of a receipt, `claimed_minor` the total that the till said then.
    """

    redemption_id: UUID
    account_id: UUID
    points: int
    returned: int
    transaction_id: UUID | None
    mall_id: UUID | None
    shop_id: UUID | None
    taken: Sequence[TakenLot]
    amount_minor: int = 0
    claimed_minor: int | None = None
    owing: Sequence[Owing] = ()

    @property
    def on_credit(self) -> int:
        """The points that no lot covered."""
        return self.points - sum(taken.points for taken in self.taken)

    @property
    def paid_minor(self) -> int:
        """What it still pays after what came back, rounded up to a minor unit."""
        return self.pays_after(self.returned)

    def pays_after(self, returned: int) -> int:
        """What it pays when so many points have come back, rounded up to a minor unit."""
        return self.amount_minor - self.amount_minor * returned // self.points


class Return(NamedTuple):
    """Why points come back: the rule and its inputs; `source` makes it happen once."""

    source: object
    rule: str
    inputs: Mapping[str, object]


def returned_for_refunds(spent: Spent, total_minor: int, refunded_minor: int) -> int:
    """How many points have come back when so much of the receipt is refunded.

    In proportion, rounded down, all of them with the last of the money: a function of the totals.
    """
    return spent.points * refunded_minor // total_minor if total_minor else 0


def give_back(
    books: Books, account: Account, spent: Spent, points: int, why: Return, moment: "Moment"
) -> None:
    """Give the next `points` of the redemption back. Raises `ReversalExceedsRedemption`.

    To its lots on its own account. A new lot is made where a lot's end has passed and there is a
    grace, where no lot had covered the points, or where the account was merged into another.
    """
    if points > spent.points - spent.returned:
        raise ReversalExceedsRedemption(
            f"{spent.points - spent.returned} points can come back.",
            returnable=spent.points - spent.returned,
        )
    kept: list[tuple[OpenLot, int]] = []
    for part in _next_parts(spent, account, points):
        is_late = part.lot is not None and _has_ended(part.lot.terms, moment.now)
        is_here = account.account_id == spent.account_id
        if part.is_taken and is_here and not (is_late and moment.grace_days):
            assert part.lot is not None
            kept.append((_lot_of(account, part.lot), part.points))
            continue
        terms = _terms_of_new(part.lot, moment, is_late=is_late)
        cause = _cause(spent, part.points, why, part.told(moment.grace_days if is_late else 0))
        books.credit(account, part.points, cause._replace(nets=part.nets), terms)
    if kept:
        cause = _cause(spent, sum(points for _, points in kept), why, None)
        books.give_back(account, kept, cause)
    spent.returned += points


class _Part(NamedTuple):
    """The next points that come back: `lot` is what they were taken from or, where no lot covered
    them, what repaid them; None, with the place of the debt, for what nobody repaid yet."""

    lot: TakenLot | None
    points: int
    is_taken: bool = False
    nets: Place = ()
    repaid_as: int | None = None

    def told(self, grace_days: int) -> dict[str, object]:
        """What the posting that makes a new lot of them says; `new_lot_for` names it."""
        if self.lot is None:
            return {"new_lot_for": None, "grace_days": grace_days, "nets": self.nets}
        if self.is_taken:
            return {"new_lot_for": self.lot.lot_version, "grace_days": grace_days}
        return {
            "new_lot_for": f"repaid {self.repaid_as}",
            "grace_days": grace_days,
            "repaid_by": self.lot.lot_version,
        }


class Moment(NamedTuple):
    """When points come back, and for how many days after that day they are good when their end has
    passed; 0 for not."""

    now: datetime
    grace_days: int
    zone_of: ZoneOf

    def late_end(self, mall_id: UUID | None) -> datetime | None:
        """The end of the last of these days in the mall that issued them; None without a grace."""
        if not self.grace_days:
            return None
        time_zone = self.zone_of(mall_id)
        last_day = local_day(self.now, time_zone) + timedelta(days=self.grace_days)
        return end_of_day(last_day, time_zone)


def _next_parts(spent: Spent, account: Account, points: int) -> list[_Part]:
    """Where the next points go: the newest lot first, after what came back before."""
    sources = [*_on_credit(spent, account)]
    sources += [_Part(taken, taken.points, is_taken=True) for taken in reversed(spent.taken)]
    skipped, found = spent.returned, []
    for source in sources:
        passed = min(skipped, source.points)
        skipped -= passed
        part = min(points, source.points - passed)
        points -= part
        if part:
            found.append(source._replace(points=part))
    return found


def _on_credit(spent: Spent, account: Account) -> list[_Part]:
    """What no lot covered: what is owed still, then what was repaid, from the newest to the oldest.

    So it makes no difference whether they come back first or are repaid first.
    """
    if not spent.on_credit:
        return []
    repaid = repaid_by(spent.on_credit, spent.owing, account.repayments)
    owed = spent.on_credit - sum(one.points for one in repaid)
    parts = [_Part(None, owed, nets=place_of(spent.owing))]
    for number, one in reversed([*enumerate(repaid, 1)]):
        lot = TakenLot(one.lot_version, one.terms, one.source_id, one.points)
        parts.append(_Part(lot, one.points, repaid_as=number))
    return parts


def _has_ended(terms: LotTerms, now: datetime) -> bool:
    return terms.expires_at is not None and terms.expires_at <= now


def _lot_of(account: Account, taken: TakenLot) -> OpenLot:
    for lot in account.lots:
        if lot.version == taken.lot_version:
            return lot
    return OpenLot(taken.lot_version, 0, taken.source_id, taken.terms)


def _terms_of_new(lot: TakenLot | None, moment: Moment, *, is_late: bool) -> LotTerms:
    """The lot's own terms, but for its end where that has passed."""
    if lot is None:
        # Nobody repaid them, so they repay what is owed of them: nothing is left of this lot.
        return LotTerms(expires_at=moment.late_end(None) or moment.now, earned_at=moment.now)
    terms = lot.terms._replace(origin_id=lot.terms.origin_id or lot.source_id)
    if not (is_late and moment.grace_days):
        return terms
    return terms._replace(
        expires_at=moment.late_end(terms.mall_id),
        pending=False,
        activates_at=None,
        sliding_months=None,
    )


def _cause(spent: Spent, points: int, why: Return, new_lot: Mapping[str, object] | None) -> Cause:
    reason: dict[str, object] = {
        "rule": why.rule,
        "redemption_id": str(spent.redemption_id),
        "redeemed": spent.points,
        "returned_before": spent.returned,
        "points": points,
        **why.inputs,
    }
    source = ["return", spent.redemption_id, why.source]
    if new_lot is not None:
        # One posting makes one lot: each has an id of its own.
        source.append(new_lot["new_lot_for"] or 0)
        reason |= new_lot
    return Cause(
        RETURN,
        ledger.REDEMPTION,
        RETURN,
        derived_id(*source),
        dumps(reason),
        None,
        spent.mall_id,
        spent.shop_id,
    )
