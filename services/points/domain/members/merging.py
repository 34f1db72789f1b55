"""Two accounts become one, and two again: what moves, and what comes back.

A merge moves every lot as it is, pending and ended ones among them, and the debt if there is one.
Its undo moves back what is left of those lots. What was spent, given away, clawed back or used to
repay a debt meanwhile stays so: points are never made twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.ledger import ledger
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import AccountFrozen
from services.points.domain.ledger.ledger import Books, Cause
from services.points.domain.ledger.lots import LotTerms, OpenLot
from services.points.domain.ledger.moves import Move, Parts, move_lots
from services.points.domain.members.errors import AccountHasHolds
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.spending.on_credit import Owing, Place, place_of, repaid_by, undone_of


class Merge(NamedTuple):
    """One wallet's part of a merge. `facts` go into every reason."""

    merge_id: UUID
    wallet: str
    facts: Mapping[str, Any]

    def move(self, kind: str) -> Move:
        """The postings' cause; each wallet moves by an id of its own."""
        move_id = derived_id(self.merge_id, kind, self.wallet)
        return Move(kind, move_id, {"merge_id": str(self.merge_id), **self.facts})


def merge_account(books: Books, merged: Account, survivor: Account, merge: Merge) -> int:
    """Move all of `merged` to `survivor`, which it then is. Returns its balance, maybe a debt.

    Raises `AccountFrozen` when it or one of its lots is frozen, `AccountHasHolds`.
    """
    check_unfrozen(merged, merged.lots)
    if merged.held:
        raise AccountHasHolds("Points are set aside for somebody.", held=merged.held)
    balance = merged.balance
    if merged.lots:
        parts = [(lot, lot.remaining) for lot in sorted(merged.lots, key=lambda lot: lot.version)]
        move_lots(books, merged, survivor, parts, merge.move("merge"))
    elif balance < 0:
        move_debt(books, merged, survivor, -balance, merge.move("merge_debt"))
    merged.merged_into, merged.is_open = survivor.account_id, False
    books.accounts[merged.account_id] = merged
    return balance


def move_debt(books: Books, debtor: Account, payer: Account, points: int, move: Move) -> None:
    """The payer owes from now on what the debtor owed; their points pay it at once."""
    books.credit(debtor, points, _cause(move, "from"), LotTerms())
    books.claw_back(payer, points, _cause(move, "to"))


class Undo(NamedTuple):
    """What is known of a merge when it is undone: the lots that it emptied by the versions of the
    survivor's lots that it made of them, the debt that it brought, what of the survivor's lots
    paid for that at once, and how they owed the rest since."""

    emptied: Mapping[int, OpenLot]
    debt: int
    paid: Parts
    owing: Owing | None = None

    @property
    def undone(self) -> Mapping[Place, int]:
        """What came back of the debt meanwhile, unrepaid, by the debtor's own debts."""
        return {} if self.owing is None else undone_of(self.owing)


def undo_account(books: Books, merged: Account, survivor: Account, merge: Merge, undo: Undo) -> int:
    """Both are themselves again. Returns the points that went back, or less than 0 for debt.

    Raises `AccountFrozen` or `AccountHasHolds` when they cannot be taken from the survivor.
    """
    lots = [lot for lot in survivor.lots if lot.version in undo.emptied]
    check_unfrozen(survivor, lots)
    points = sum(lot.remaining for lot in lots)
    if survivor.held and points > survivor.balance - survivor.held:
        raise AccountHasHolds("Points are set aside for somebody.", held=survivor.held)
    merged.merged_into, merged.is_open = None, True
    books.accounts[merged.account_id] = merged
    if lots:
        _move_back(books, merged, survivor, lots, undo, merge.move("merge_undo"))
    if undo.debt:
        _give_debt_back(books, merged, survivor, undo, merge.move("merge_undo_debt"))
    return points - undo.debt + sum(undo.undone.values())


def _move_back(
    books: Books,
    merged: Account,
    survivor: Account,
    lots: Sequence[OpenLot],
    undo: Undo,
    move: Move,
) -> None:
    """To the lots that the merge emptied: so an earlier merge, too, finds its lots again."""
    out = Cause("merge_undo_out", ledger.TRANSFER, move.kind, move.move_id, move.reason)
    parts = [(lot, lot.remaining) for lot in lots]
    books.take_from(survivor, parts, out)
    back = [(undo.emptied[lot.version], points) for lot, points in parts]
    in_ = Cause(
        "merge_undo_in", ledger.TRANSFER, move.kind, derived_id(move.move_id, "in"), move.reason
    )
    books.give_back(merged, back, in_)
    for (lot, _), (emptied, _) in zip(parts, back, strict=True):
        _keep_changes(books, merged, lot.terms, emptied, move)


def _keep_changes(
    books: Books, merged: Account, now_is: LotTerms, emptied: OpenLot, move: Move
) -> None:
    """What became active or got another end while it was away stays so."""
    changes = {
        name: getattr(now_is, name)
        for name in ("pending", "activates_at", "expires_at")
        if getattr(now_is, name) != getattr(emptied.terms, name)
    }
    if changes:
        kind = "expiry_set" if "expires_at" in changes else "activated"
        books.change_lot(merged, emptied, kind, move.reason, **changes)


def _give_debt_back(books: Books, debtor: Account, payer: Account, undo: Undo, move: Move) -> None:
    """What paid it goes back to the lots it came from; what repaid it since, as lots like those.

    What nobody repaid comes first: the payer owes it no more, and nothing is left of that lot. What
    came back of it meanwhile, the debtor owes no more: which debt it was of stays known.
    """
    covered = sum(points for _, points in undo.paid)
    owing = [undo.owing] if undo.owing else []
    repaid = repaid_by(undo.debt - covered, owing, ())
    owed = undo.debt - covered - sum(one.points for one in repaid) - sum(undo.undone.values())
    if owed:
        _net(books, payer, owed, place_of(owing), move, "rest")
    for number, one in reversed([*enumerate(repaid, 1)]):
        cause = _cause(move, f"repaid {number}", {"repaid_by": one.lot_version})
        terms = one.terms._replace(origin_id=one.terms.origin_id or one.source_id)
        books.credit(payer, one.points, cause, terms)
    if covered:
        books.give_back(payer, undo.paid, _cause(move, "lots"))
    books.claw_back(debtor, undo.debt, _cause(move, "debtor"))
    for number, (place, points) in enumerate(sorted(undo.undone.items()), 1):
        _net(books, debtor, points, place, move, f"undone {number}")


def _net(books: Books, debtor: Account, points: int, place: Place, move: Move, side: str) -> None:
    """So much of the debt at that place is owed no more: nothing is left of the credit's lot."""
    cause = _cause(move, side, {"nets": place})
    books.credit(debtor, points, cause._replace(nets=place), LotTerms())


def debt_source(merge: Merge) -> UUID:
    """The source of the survivor's posting that took over the debt."""
    return derived_id(merge.move("merge_debt").move_id, "to")


def _cause(move: Move, side: str, more: Mapping[str, Any] = MappingProxyType({})) -> Cause:
    source = derived_id(move.move_id, side)
    reason = move._replace(facts={**move.facts, **more}).reason
    return Cause(move.kind, ledger.TRANSFER, move.kind, source, reason)


def check_unfrozen(account: Account, lots: Iterable[OpenLot]) -> None:
    """Raise `AccountFrozen` when the account or one of the lots is frozen by a case."""
    cases = [account.frozen_case, *(lot.frozen_case for lot in lots)]
    for case in cases:
        if case is not None:
            raise AccountFrozen("The account or a lot of it is frozen.", case_id=str(case))
