"""What of an account's points can be spent just now."""

from datetime import UTC, datetime, timedelta

from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from tests.points.samples import make_account, make_cause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
JANUARY = datetime(2027, 1, 1, tzinfo=UTC)


def test_pending_points_count_and_cannot_be_spent_until_they_are_active() -> None:
    books, account = Books(), make_account()
    books.credit(account, 100, make_cause(), LotTerms(pending=True, activates_at=JANUARY))
    assert (account.balance, account.pending, account.available(NOW)) == (100, 100, 0)
    [lot] = account.lots
    books.change_lot(account, lot, "activated", "{}", pending=False, activates_at=None)
    assert (account.pending, account.available(NOW)) == (0, 100)
    assert [change.kind for change in books.lot_changes] == ["activated"]


def test_a_frozen_lot_cannot_be_spent() -> None:
    books, account = Books(), make_account()
    for points in (50, 5):
        books.credit(account, points, make_cause(), LotTerms())
    books.change_lot(account, account.lots[0], "frozen", "{}", frozen_case=make_cause().source_id)
    assert account.available(NOW) == 5


def test_a_hold_that_is_over_keeps_nothing_aside() -> None:
    books, account = Books(), make_account()
    books.credit(account, 100, make_cause(), LotTerms())
    books.hold(account, 70, NOW)
    account.ending_holds = [(NOW, 30), (NOW + timedelta(seconds=1), 40)]
    assert (account.held, account.held_at(NOW), account.available(NOW)) == (70, 40, 60)
