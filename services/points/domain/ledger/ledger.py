"""The books: postings between an account and a system account, lots of credits, what debits took.

Credits and debits change an account's working copy and leave what must be written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.points.domain.ledger.account_checks import check_available
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.lots import (
    LotTerms,
    OpenLot,
    Repayment,
    claw_order,
    spending_order,
)
from services.points.domain.receipts.caps import NewUsage

# The other side of a posting.
ISSUANCE = "issuance"
CLAWBACK = "clawback"
ADJUSTMENT = "adjustment"
REDEMPTION = "redemption"
EXPIRY = "expiry"
TRANSFER = "transfer"
OPENING = "opening"


class Cause(NamedTuple):
    """Why points move: the source that posts once for ever, and the reason in full.

    `mall_id` and `shop_id` say where it happened, where that is not what the lot says. `nets`: the
    place of the debt that a credit undoes (`spending/on_credit.py`); other credits repay.
    """

    kind: str
    counter_account: str
    source_kind: str
    source_id: UUID
    reason: str  # JSON
    purchased_at: datetime | None = None
    mall_id: UUID | None = None
    shop_id: UUID | None = None
    nets: tuple[int, ...] = ()


class NewPosting(NamedTuple):
    """A posting to be written. A credit that makes a lot has `terms`.

    `origin` is the correlation id and the trace of the request or event behind it.
    """

    account_id: UUID
    member_id: UUID | None
    wallet: str
    version: int
    points: int
    balance_after: int
    pending_after: int
    held_after: int
    cause: Cause
    terms: LotTerms | None
    origin: tuple[str, str]


class Take(NamedTuple):
    """`points` of the lot `lot_version` went to, or came back with, the posting `version`."""

    account_id: UUID
    version: int
    lot_version: int
    points: int


class LotChange(NamedTuple):
    """A lot that changed without moving points; `kind` and `reason` (JSON) are kept for audit."""

    account_id: UUID
    lot_version: int
    kind: str
    reason: str
    terms: LotTerms
    frozen_case: UUID | None


@dataclass(slots=True)
class Books:
    """What a use case has decided about the ledger, in order, to be written at once.

    `origin` is put on each posting: set it to what is being decided now.
    """

    origin: tuple[str, str] = ("", "")
    postings: list[NewPosting] = field(default_factory=list)
    takes: list[Take] = field(default_factory=list)
    returns: list[Take] = field(default_factory=list)
    accounts: dict[UUID, Account] = field(default_factory=dict)
    lot_changes: list[LotChange] = field(default_factory=list)
    usages: list[NewUsage] = field(default_factory=list)

    def credit(self, account: Account, points: int, cause: Cause, terms: LotTerms) -> NewPosting:
        """Add points as a new lot. What is owed is repaid first, out of that lot."""
        assert points > 0
        repaid = min(points, max(0, -account.balance))
        account.version += 1
        account.balance += points
        made_by = terms.origin_id or cause.source_id
        if repaid:
            self.takes.append(Take(account.account_id, account.version, account.version, repaid))
            earned = terms._replace(earned_at=terms.earned_at or cause.purchased_at)
            account.repayments.append(
                Repayment(account.account_id, account.version, earned, made_by, repaid, cause.nets)
            )
        if points > repaid:
            lot = OpenLot(account.version, points - repaid, made_by, terms)
            account.lots.append(lot)
            if terms.pending:
                account.pending += lot.remaining
        return self._post(account, points, cause, terms)

    def spend(self, account: Account, points: int, cause: Cause, now: datetime) -> NewPosting:
        """Take points that the member may spend. Raises `InsufficientPoints`, `AccountFrozen`."""
        check_available(account, points, now)
        lots = [lot for lot in account.lots if lot.is_spendable(now)]
        return self._debit(account, points, cause, sorted(lots, key=spending_order))

    def capture(self, account: Account, points: int, released: int, cause: Cause) -> NewPosting:
        """Spend `points` that a hold had set aside and set `released` more free.

        What was promised is paid, also from lots that ended meanwhile, and also when a claw-back
        left less than was held: then it ends in debt.
        """
        account.held -= points + released
        assert account.held >= 0
        lots = [lot for lot in account.lots if not lot.terms.pending and lot.frozen_case is None]
        rest = [lot for lot in account.lots if lot.terms.pending or lot.frozen_case is not None]
        return self._debit(
            account,
            points,
            cause,
            [*sorted(lots, key=spending_order), *sorted(rest, key=spending_order)],
        )

    def claw_back(
        self, account: Account, points: int, cause: Cause, own_source: UUID | None = None
    ) -> NewPosting:
        """Take points back whatever the balance: what no lot covers becomes debt.

        What is pending is taken first, and of either kind the lot that `own_source` made: these
        are the points being undone.
        """
        lots = sorted(account.lots, key=lambda lot: claw_order(lot, own_source))
        return self._debit(account, points, cause, lots)

    def take_from(
        self, account: Account, parts: Sequence[tuple[OpenLot, int]], cause: Cause
    ) -> NewPosting:
        """Take just these points of just these lots: what expires, moves or is merged."""
        account.version += 1
        for lot, points in parts:
            self._take(account, lot, points)
        account.balance -= sum(points for _, points in parts)
        account.lots = [lot for lot in account.lots if lot.remaining]
        return self._post(account, -sum(points for _, points in parts), cause, None)

    def give_back(
        self, account: Account, parts: Sequence[tuple[OpenLot, int]], cause: Cause
    ) -> NewPosting:
        """Give points back to the lots that they came from, which keep their expiry.

        The lots may be empty until now. What is owed is repaid first, out of the last of them.
        """
        points = sum(part for _, part in parts)
        repaid = min(points, max(0, -account.balance))
        account.version += 1
        account.balance += points
        for lot, part in parts:
            self.returns.append(Take(account.account_id, account.version, lot.version, part))
            lot.remaining += part
            if lot.terms.pending:
                account.pending += part
            if all(lot is not known for known in account.lots):
                account.lots.append(lot)
        by: list[Repayment] = []
        for lot, part in reversed(parts):
            owed = min(repaid, part)
            if owed:
                repaid -= owed
                self._take(account, lot, owed)
                by.append(
                    Repayment(account.account_id, lot.version, lot.terms, lot.source_id, owed)
                )
        account.repayments += sorted(by, key=lambda one: one.lot_version)
        account.lots = [lot for lot in account.lots if lot.remaining]
        return self._post(account, points, cause, None)

    def hold(self, account: Account, points: int, now: datetime) -> None:
        """Set points aside. Raises `InsufficientPoints`, `AccountFrozen`."""
        check_available(account, points, now)
        account.held += points
        self.accounts[account.account_id] = account

    def release(self, account: Account, points: int) -> None:
        """Points set aside are free again."""
        account.held -= points
        assert account.held >= 0
        self.accounts[account.account_id] = account

    def change_lot(
        self, account: Account, lot: OpenLot, kind: str, reason: str, **changes: object
    ) -> None:
        """Change a lot's terms (`pending`, `activates_at`, `expires_at`) or its `frozen_case`."""
        was_pending = lot.terms.pending
        if "frozen_case" in changes:
            lot.frozen_case = changes.pop("frozen_case")  # type: ignore[assignment]
        lot.terms = lot.terms._replace(**changes)  # type: ignore[arg-type]
        account.pending += lot.remaining * (lot.terms.pending - was_pending)
        self.lot_changes.append(
            LotChange(account.account_id, lot.version, kind, reason, lot.terms, lot.frozen_case)
        )
        self.accounts[account.account_id] = account

    def _debit(
        self, account: Account, points: int, cause: Cause, lots: Iterable[OpenLot]
    ) -> NewPosting:
        assert points > 0
        account.version += 1
        account.balance -= points
        left = points
        for open_lot in lots:
            if left == 0:
                break
            taken = min(left, open_lot.remaining)
            left -= taken
            self._take(account, open_lot, taken)
        account.lots = [open_lot for open_lot in account.lots if open_lot.remaining]
        return self._post(account, -points, cause, None)

    def _take(self, account: Account, lot: OpenLot, points: int) -> None:
        assert 0 < points <= lot.remaining
        lot.remaining -= points
        if lot.terms.pending:
            account.pending -= points
        self.takes.append(Take(account.account_id, account.version, lot.version, points))

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
            account.pending,
            account.held,
            cause,
            terms,
            self.origin,
        )
        self.postings.append(posting)
        return posting
