"""What membership keeps of a receipt: tier credit and the behaviour profile."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.membership.domain.tiers.tiers import Credit


class Purchase(NamedTuple):
    """A member's sale or refund. `total_minor` is never negative. Trace fields only travel."""

    member_id: UUID
    transaction_id: UUID
    kind: Literal["sale", "refund"]
    purchased_at: datetime
    total_minor: int
    currency: str
    correlation_id: str = ""
    traceparent: str = ""

    @property
    def amount_minor(self) -> int:
        """A sale's total adds to the member's spend, a refund's takes off."""
        return self.total_minor if self.kind == "sale" else -self.total_minor

    @property
    def credit(self) -> Credit:
        """What tiers are worked out from."""
        return Credit(self.purchased_at, self.transaction_id, self.amount_minor)


class ProfileGain(NamedTuple):
    """What some purchases add to a member's profile. Only sales are visits."""

    member_id: UUID
    visits: int
    spend_minor: int
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None


def choose_new(
    purchases: Iterable[Purchase], known: Mapping[UUID, Iterable[Credit]]
) -> dict[UUID, dict[UUID, Purchase]]:
    """Purchases not credited before, by member and transaction: each counts once for ever."""
    seen = {member: {credit[1] for credit in credits} for member, credits in known.items()}
    new: dict[UUID, dict[UUID, Purchase]] = {}
    for purchase in purchases:
        if purchase.transaction_id not in seen.get(purchase.member_id, ()):
            new.setdefault(purchase.member_id, {})[purchase.transaction_id] = purchase
    return new


def profile_gain(member_id: UUID, purchases: Iterable[Purchase]) -> ProfileGain:
    """Sums and extremes, so that the order of batches does not matter."""
    bought = list(purchases)
    sales = [p.purchased_at for p in bought if p.kind == "sale"]
    return ProfileGain(
        member_id,
        visits=len(sales),
        spend_minor=sum([p.amount_minor for p in bought]),
        first_purchase_at=min(sales, default=None),
        last_purchase_at=max(sales, default=None),
    )
