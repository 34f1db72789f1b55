"""What of postings is told to the database besides themselves."""

from uuid import UUID

from services.points.domain.ledger.ledger import ISSUANCE, Cause, NewPosting
from services.points.storage.ledger.book_rows import Move, moves_of
from shared.ids import new_id


def test_an_account_is_left_where_its_last_posting_left_it() -> None:
    first, second = new_id(), new_id()

    def posting(account_id: UUID, version: int, balance: int, held: int) -> NewPosting:
        cause = Cause("earn", ISSUANCE, "sale", new_id(), "{}")
        at = (account_id, None, "points", version, 1, balance, 0, held)
        return NewPosting(*at, cause, None, ("", ""))

    found = moves_of([posting(first, 5, 10, 1), posting(second, 1, 1, 0), posting(first, 6, 11, 2)])
    assert found == [Move(first, 4, 6, 11, 0, 2), Move(second, 0, 1, 1, 0, 0)]
