"""An account as one use case sees it: a working copy of a locked row.

The balance is the sum of the open lots (pending and held points among them), or negative: then it
is debt and no lot is open, because a credit repays debt first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.points.domain.expiry.pending import Told
from services.points.domain.ledger.lots import OpenLot, Repayment, available_points
from services.points.domain.receipts.caps import UsageKey, Used


@dataclass(slots=True)
class Account:
    """Working copy of a locked account. `lots` must be loaded before a debit, `used` (what was
    granted under caps) before an earning that has limits. `ending_holds` are those of `held` that
    end by the clock: what is over holds nothing, though nobody has cleared it away yet. `told` are
    the events that pending points may wait for, loaded where some do; `repayments` what was repaid
    since the row was locked, oldest first."""

    account_id: UUID
    member_id: UUID | None
    wallet: str
    is_open: bool
    balance: int
    version: int
    timeline: Sequence[tuple[datetime, str]] = ()
    tier_version: int = 0
    lots: list[OpenLot] = field(default_factory=list)
    pending: int = 0
    held: int = 0
    frozen_case: UUID | None = None
    merged_into: UUID | None = None
    ending_holds: Sequence[tuple[datetime, int]] = ()
    used: dict[UsageKey, Used] = field(default_factory=dict)
    told: Told = field(default_factory=dict)
    repayments: list[Repayment] = field(default_factory=list)

    def available(self, now: datetime) -> int:
        """What may be spent now; needs the lots. A frozen account has nothing to spend."""
        if self.frozen_case is not None:
            return 0
        return available_points(self.lots, self.balance, self.held_at(now), now)

    def held_at(self, now: datetime) -> int:
        """What holds keep aside now; needs the lots, for with them come the holds that end."""
        return self.held - sum(points for ends_at, points in self.ending_holds if ends_at <= now)
