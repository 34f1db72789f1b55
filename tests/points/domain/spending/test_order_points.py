"""An order's requests as rules: what is missing is done, what is done is not done again."""

from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.spending import holding
from services.points.domain.spending.order_points import Asked, Found, OrderRequest, decide
from services.points.domain.spending.redeeming import Moment
from shared.ids import new_id
from tests.points.samples import NOON, make_account, make_cause

NOW = Moment(NOON, 0, lambda _: "UTC")
NOTHING = Found(None, None)


def asked(what: Asked, points: int = 60) -> OrderRequest:
    return OrderRequest(what, new_id(), new_id(), points, "Tea set", None, None)


def test_a_capture_that_comes_first_holds_and_spends_at_once() -> None:
    books, account = Books(), make_account()
    books.credit(account, 100, make_cause(), LotTerms())
    decided = decide(books, account, NOTHING, asked(Asked.CAPTURE), NOW)
    assert (decided.is_new, decided.hold.status) == (True, holding.CAPTURED)
    assert decided.spending is not None
    assert (account.balance, account.held) == (40, 0)


def test_a_cancellation_that_comes_first_is_a_tombstone_that_nothing_passes() -> None:
    books, account = Books(), make_account()
    books.credit(account, 100, make_cause(), LotTerms())
    tombstone = decide(books, account, NOTHING, asked(Asked.CANCEL), NOW).hold
    for what in Asked:
        decided = decide(books, account, Found(tombstone, None), asked(what), NOW)
        assert (decided.is_new, decided.is_changed) == (False, False)
        assert decided.hold.status == holding.CANCELLED
    assert (account.balance, account.held) == (100, 0)


def test_a_member_who_is_not_there_is_refused_and_the_refusal_stays() -> None:
    books = Books()
    refused = decide(books, None, NOTHING, asked(Asked.HOLD), NOW)
    assert (refused.hold.status, refused.is_new) == (holding.REFUSED, True)
    assert refused.refusal is not None
    again = decide(books, None, Found(refused.hold, None), asked(Asked.CAPTURE), NOW)
    assert (again.hold.status, again.is_changed) == (holding.REFUSED, False)
    off = decide(books, None, Found(refused.hold, None), asked(Asked.CANCEL), NOW)
    assert (off.hold.status, off.is_changed) == (holding.CANCELLED, True)
