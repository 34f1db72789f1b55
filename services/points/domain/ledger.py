"""The books: postings between an account and a system account, lots of credits, what debits took.

An `Account` here is a working copy of a locked row. Credits and debits change it and leave what
must be written. The balance is the sum of the open lots, or negative: then it is debt and no lot
is open, because a credit repays debt first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.points.domain.errors import InsufficientPoints

# The other side of a posting.
ISSUANCE = "issuance"
CLAWBACK = "clawback"
ADJUSTMENT = "adjustment"


class Cause(NamedTuple):
    """Why points move: the source that posts once for ever, and the reason in full."""

    kind: str
    counter_account: str
    source_kind: str
    source_id: UUID
    reason: str  # JSON
    purchased_at: datetime | None = None


class LotTerms(NamedTuple):
    """What a credit's lot keeps: when it ends, who issued it, who pays for it."""

    expires_at: datetime | None = None
    mall_id: UUID | None = None
    shop_id: UUID | None = None
    campaign_id: UUID | None = None
    funding: str = "programme"


class NewPosting(NamedTuple):
    """A posting to be written. A credit has `terms`, for it makes a lot.

    `origin` is the correlation id and the trace of the request or event behind it.
    """

    account_id: UUID
    member_id: UUID | None
    wallet: str
    version: int
    points: int
    balance_after: int
    cause: Cause
    terms: LotTerms | None
    origin: tuple[str, str]


class Take(NamedTuple):
    """`points` of the lot `lot_version` went to the posting `version`."""

    account_id: UUID
    version: int
    lot_version: int
    points: int


@dataclass(slots=True)
class OpenLot:
    """A lot with points left. `cause_id` is the source that made it."""

    version: int
    remaining: int
    expires_at: datetime | None
    source_id: UUID


@dataclass(slots=True)
class Account:
    """Working copy of a locked account. `lots` must be loaded before a debit."""

    account_id: UUID
    member_id: UUID | None
    wallet: str
    is_open: bool
    balance: int
    version: int
    timeline: Sequence[tuple[datetime, str]] = ()
    tier_version: int = 0
    lots: list[OpenLot] = field(default_factory=list)


@dataclass(slots=True)
class Books:
    """What a use case has decided about the ledger, in order, to be written at once.

    `origin` is put on each posting: set it to what is being decided now.
    """

    origin: tuple[str, str] = ("", "")
    postings: list[NewPosting] = field(default_factory=list)
    takes: list[Take] = field(default_factory=list)

    def credit(self, account: Account, points: int, cause: Cause, terms: LotTerms) -> NewPosting:
        """Add points. What is owed is repaid first, out of the new lot."""
        assert points > 0
        repaid = min(points, max(0, -account.balance))
        account.version += 1
        account.balance += points
        if repaid:
            self.takes.append(Take(account.account_id, account.version, account.version, repaid))
        if points > repaid:
            account.lots.append(
                OpenLot(account.version, points - repaid, terms.expires_at, cause.source_id)
            )
        return self._post(account, points, cause, terms)

    def claw_back(
        self, account: Account, points: int, cause: Cause, own_source: UUID | None = None
    ) -> NewPosting:
        """Take points back whatever the balance: what no lot covers becomes debt.

        The lot that `own_source` made is taken from first: these are the points being undone.
        """
        return self._debit(account, points, cause, own_source)

    def spend(self, account: Account, points: int, cause: Cause) -> NewPosting:
        """Take points that the member has. Raises `InsufficientPoints` with the shortfall."""
        if points > account.balance:
            raise InsufficientPoints(
                f"The balance is {account.balance}; {points - account.balance} more are needed.",
                balance=account.balance,
                shortfall=points - account.balance,
            )
        return self._debit(account, points, cause, None)

    def _debit(
        self, account: Account, points: int, cause: Cause, own_source: UUID | None
    ) -> NewPosting:
        assert points > 0
        account.version += 1
        account.balance -= points
        left = points
        for open_lot in sorted(account.lots, key=lambda lot: _order(lot, own_source)):
            if left == 0:
                break
            taken = min(left, open_lot.remaining)
            open_lot.remaining -= taken
            left -= taken
            self.takes.append(Take(account.account_id, account.version, open_lot.version, taken))
        account.lots = [open_lot for open_lot in account.lots if open_lot.remaining]
        return self._post(account, -points, cause, None)

    def _post(
        self, account: Account, points: int, cause: Cause, terms: LotTerms | None
    ) -> NewPosting:
        posting = NewPosting(
            account.account_id,
            account.member_id,
            account.wallet,
            account.version,
            points,
            account.balance,
            cause,
            terms,
            self.origin,
        )
        self.postings.append(posting)
        return posting


def _order(open_lot: OpenLot, own_source: UUID | None) -> tuple[bool, bool, float, int]:
    """Own lot first, then the earliest expiry, the never-expiring last, older before newer."""
    expires_at = open_lot.expires_at
    return (
        open_lot.source_id != own_source,
        expires_at is None,
        expires_at.timestamp() if expires_at is not None else 0.0,
        open_lot.version,
    )
