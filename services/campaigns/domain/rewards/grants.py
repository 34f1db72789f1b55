"""Grants as they are stored, and the difference between what is and what should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

Status = Literal["granted", "issued", "bill_back", "revoked"]


class Grant(NamedTuple):
    """One grant row. A unit (campaign, `unit_key`) may be granted again after a revocation, as
    its next `generation`; a points unit may have several generations that add up.

    A reward of a family uses `used_minor` of each of `receipt_ids`; a bonus uses nothing.
    """

    grant_id: UUID
    campaign_id: UUID
    version: int
    unit_key: str
    generation: int
    family: str | None
    origin: Literal["automatic", "desk"]
    member_id: UUID | None
    kind: Literal["points", "gift"]
    points: int | None
    points_revoked: int
    gift_sku: str | None
    stock_id: UUID | None
    status: Status
    local_day: date
    receipt_id: UUID
    receipt_ids: tuple[UUID, ...]
    threshold_minor: int | None
    shortfall_minor: int
    granted_at: datetime
    used_minor: tuple[int, ...] = ()

    @property
    def uses(self) -> dict[UUID, int]:
        """What it uses of which receipts."""
        return {i: used for i, used in zip(self.receipt_ids, self.used_minor, strict=False) if used}

    @property
    def net(self) -> int:
        """Points still given, or 1 for a gift that is not revoked."""
        if self.kind == "points":
            return (self.points or 0) - self.points_revoked
        return 0 if self.status == "revoked" else 1

    @property
    def is_out(self) -> bool:
        """A gift that left the house."""
        return self.status in ("issued", "bill_back")


@dataclass(frozen=True, slots=True)
class TakeBack:
    """`amount` of a grant (points, or 1 for a gift) is to be revoked."""

    grant: Grant
    amount: int


class UnitDifference(NamedTuple):
    """How to get a unit to its target: take back, or grant `missing` more as `generation`."""

    take_back: tuple[TakeBack, ...]
    missing: int
    generation: int


def compare(rows: Sequence[Grant], target: int) -> UnitDifference:
    """The difference between a unit's rows and its target; the newest is taken back first.

    Replays find no difference, so they change nothing.
    """
    if not rows:
        return UnitDifference((), target, 1)
    newest_first = sorted(rows, key=lambda g: g.generation, reverse=True)
    generation = newest_first[0].generation + 1
    surplus = sum(g.net for g in rows) - target
    if surplus <= 0:
        return UnitDifference((), -surplus, generation)
    take_back = []
    for grant in newest_first:
        amount = min(surplus, grant.net)
        if amount:
            take_back.append(TakeBack(grant, amount))
            surplus -= amount
    return UnitDifference(tuple(take_back), 0, generation)
