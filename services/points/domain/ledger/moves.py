"""Points move between two accounts: lots keep their expiry, issuing mall, funding and vintage.

One posting takes them out; on the other side each lot is a posting of its own, because a posting
makes one lot at most. Both sides name the move, and together they are nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from json import dumps
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.ledger import ledger
from services.points.domain.ledger.account_checks import check_available
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books, Cause, NewPosting
from services.points.domain.ledger.lots import OpenLot, spending_order
from services.points.domain.receipts.receipt_books import derived_id

Parts = Sequence[tuple[OpenLot, int]]


class Move(NamedTuple):
    """Why points change hands. `kind` names the source and, with `_out` and `_in`, the postings."""

    kind: str
    move_id: UUID
    facts: Mapping[str, Any]

    @property
    def reason(self) -> str:
        """The reason as JSON, the same on both sides."""
        return dumps({"rule": self.kind, "move_id": str(self.move_id), **self.facts})


def pick_spendable(account: Account, points: int, now: datetime) -> list[tuple[OpenLot, int]]:
    """The lots that spending `points` would take, in its order.

    Raises `InsufficientPoints` or `AccountFrozen`.
    """
    check_available(account, points, now)
    lots = [lot for lot in account.lots if lot.is_spendable(now)]
    parts, left = [], points
    for lot in sorted(lots, key=spending_order):
        if left == 0:
            break
        part = min(left, lot.remaining)
        parts.append((lot, part))
        left -= part
    return parts


def move_lots(
    books: Books, giver: Account, receiver: Account, parts: Parts, move: Move
) -> list[NewPosting]:
    """Take the parts from the giver and make them lots of the receiver. Returns the credits.

    What the receiver owes is repaid out of them first, as by every credit.
    """
    moving = [(lot.version, points, lot.terms, lot.source_id) for lot, points in parts]
    out = Cause(f"{move.kind}_out", ledger.TRANSFER, move.kind, move.move_id, move.reason)
    books.take_from(giver, parts, out)
    credits_ = []
    for version, points, terms, source_id in moving:
        posted = source_of_part(move.kind, move.move_id, version)
        cause = Cause(f"{move.kind}_in", ledger.TRANSFER, move.kind, posted, move.reason)
        # Who holds them now did not pay for a campaign, nor earn them anew: all is kept.
        kept = terms._replace(origin_id=source_id)
        credits_.append(books.credit(receiver, points, cause, kept))
    return credits_


def source_of_part(kind: str, move_id: UUID, lot_version: int) -> UUID:
    """The source of the posting that received what was taken from that lot of the giver."""
    return derived_id(kind, move_id, lot_version)
