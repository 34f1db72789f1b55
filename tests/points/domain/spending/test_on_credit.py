"""What repaid the points that a capture took on credit."""

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms, Repayment
from services.points.domain.spending.on_credit import Owing, repaid_by
from services.points.domain.spending.redeeming import Moment, Return, Spent, TakenLot, give_back
from shared.ids import new_id
from tests.points.samples import NOON, make_account, make_cause

HERE, THERE, SOURCE = new_id(), new_id(), new_id()
NOW = Moment(NOON, 0, lambda _: "UTC")
PLACE = (7,)


def repayment(
    lot: int, points: int, nets: tuple[int, ...] = (), account: object = HERE
) -> Repayment:
    return Repayment(account, lot, LotTerms(), SOURCE, points, nets)  # type: ignore[arg-type]


def found(points: int, *owing: Owing, now: tuple[Repayment, ...] = ()) -> list[tuple[int, int]]:
    return [(one.lot_version, one.points) for one in repaid_by(points, owing, now)]


def test_what_was_owed_before_is_repaid_before() -> None:
    owing = Owing(PLACE, 30, [repayment(8, 20), repayment(9, 40)])
    assert found(100, owing, now=(repayment(10, 200),)) == [(9, 30), (10, 70)]


def test_a_debt_that_was_undone_is_not_repaid_any_more() -> None:
    owing = Owing(
        PLACE,
        30,
        [repayment(8, 25, (3,)), repayment(9, 40, PLACE), repayment(10, 9, (12,))],
    )
    assert found(100, owing, now=(repayment(13, 200),)) == [(13, 60)]


def test_a_lot_that_repaid_twice_running_repaid_once() -> None:
    owing = Owing(PLACE, 0, [repayment(8, 20), repayment(8, 40), repayment(9, 1)])
    elsewhere = repayment(9, 5, account=THERE)
    assert found(100, owing, now=(elsewhere,)) == [(8, 60), (9, 1), (9, 5)]


def test_who_took_the_debt_over_repays_what_they_owed_themselves_before() -> None:
    first = Owing(PLACE, 10, [repayment(8, 15)])
    then = Owing((4, *PLACE), 20, [repayment(5, 15), repayment(6, 3, (4, 6)), repayment(9, 50)])
    # Of 20 that were owed here before 15 were repaid, and 3 undone.
    assert found(100, first, then) == [(8, 5), (9, 48)]
    assert found(100, first, then._replace(repayments=then.repayments[:1])) == [(8, 5)]


class Till:
    """One account whose points are promised, refunded, captured, bought and given back."""

    def __init__(self) -> None:
        self.books, self.account = Books(), make_account()
        self.log: list[Repayment] = []
        self.captures: list[tuple[Spent, int]] = []
        self.bought = Counter[datetime]()
        self.sources = 0

    def buy(self, points: int, end: datetime) -> None:
        self.bought[end] += points
        self.books.credit(self.account, points, make_cause(), LotTerms(expires_at=end))
        self.settle()

    def refund(self, points: int) -> None:
        self.books.claw_back(self.account, points, make_cause("refund"))

    def capture(self, points: int) -> None:
        account, ahead = self.account, max(0, -self.account.balance)
        lots = {lot.version: lot for lot in account.lots}
        account.held = points
        posting = self.books.capture(account, points, 0, make_cause("capture"))
        taken = [
            TakenLot(t.lot_version, lots[t.lot_version].terms, new_id(), t.points)
            for t in self.books.takes
            if t.version == posting.version
        ]
        taken.sort(key=lambda lot: lot.lot_version)
        spent = Spent(new_id(), account.account_id, points, 0, None, None, None, taken)
        spent.owing = [Owing((posting.version,), ahead, [])]
        self.captures.append((spent, len(self.log)))

    def undo(self, place: int, points: int) -> None:
        """As if it were read anew each time."""
        spent, since = self.captures[place % len(self.captures)]
        spent.owing = [spent.owing[0]._replace(repayments=self.log[since:])]
        points = min(points, spent.points - spent.returned)
        if points:
            self.sources += 1
            why = Return(self.sources, "redemption_reversed", {})
            give_back(self.books, self.account, spent, points, why, NOW)
        self.settle()

    def settle(self) -> None:
        self.log += self.account.repayments
        self.account.repayments.clear()

    def left(self) -> Counter[datetime | None]:
        return left(self.account)


def left(account: Account) -> Counter[datetime | None]:
    """The points by their end."""
    points = Counter[datetime | None]()
    for lot in account.lots:
        points[lot.expires_at] += lot.remaining
    return points


SOME = st.integers(1, 30)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), SOME, st.integers(1, 9)),
        st.tuples(st.just("refund"), SOME),
        st.tuples(st.just("capture"), SOME),
        st.tuples(st.just("undo"), st.integers(0, 9), SOME),
    ),
    max_size=25,
)


@given(deeds=DEEDS)
def test_no_point_lasts_longer_than_it_was_bought_for_whatever_is_undone(
    deeds: list[tuple[str, int] | tuple[str, int, int]],
) -> None:
    till = Till()
    for name, points, *more in deeds:
        if name == "buy":
            till.buy(points, NOON + timedelta(days=more[0]))
        elif name != "undo":
            getattr(till, name)(points)
        elif till.captures:
            till.undo(points, more[0])
        assert all(points <= till.bought[end] for end, points in till.left().items() if end)
        assert None not in till.left()


@given(
    owed_before=st.integers(0, 30),
    captured=SOME,
    bought=st.lists(SOME, max_size=6),
    parts=st.lists(SOME, max_size=9),
)
def test_it_makes_no_difference_whether_points_come_back_or_are_repaid_first(
    owed_before: int, captured: int, bought: list[int], parts: list[int]
) -> None:
    books = []
    for undoes_first in (True, False):
        till = Till()
        if owed_before:
            till.refund(owed_before)
        till.capture(captured)
        for is_undoing in (undoes_first, not undoes_first):
            for number, points in enumerate(parts if is_undoing else bought, 1):
                if is_undoing:
                    till.undo(0, points)
                else:
                    till.buy(points, NOON + timedelta(days=number))
        books.append((till.left(), till.account.balance))
    assert books[0] == books[1]


@given(
    bought=st.lists(SOME, max_size=6),
    points=st.integers(1, 90),
    parts=st.lists(SOME, min_size=1, max_size=9),
)
def test_every_way_to_split_a_return_of_what_was_on_credit_ends_in_the_same_books(
    bought: list[int], points: int, parts: list[int]
) -> None:
    books = []
    for split in (parts, [sum(parts)]):
        till = Till()
        till.buy(20, NOON + timedelta(days=30))
        till.capture(points)
        for number, more in enumerate(bought, 1):
            till.buy(more, NOON + timedelta(days=number))
        for part in split:
            till.undo(0, part)
        books.append((till.left(), till.account.balance))
    assert books[0] == books[1]
