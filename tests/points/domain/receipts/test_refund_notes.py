"""What a refund tells of the points that came back to who paid."""

from json import loads

from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.receipts.refund_notes import tell_returns
from services.points.domain.spending.redeeming import Spent
from shared.ids import new_id
from tests.points.samples import make_lines, make_stored


def make_spent(points: int, amount_minor: int, returned: int) -> Spent:
    return Spent(new_id(), new_id(), points, returned, None, None, None, [], amount_minor)


@given(
    points=st.integers(1, 500),
    amount_minor=st.integers(0, 2_000),
    undone=st.integers(0, 500),
    parts=st.lists(st.integers(0, 300), min_size=1, max_size=6),
    done=st.integers(0, 5),
)
def test_what_is_told_of_all_refunds_adds_up_however_many_are_told_at_once(
    points: int, amount_minor: int, undone: int, parts: list[int], done: int
) -> None:
    spent = make_spent(points, amount_minor, min(undone, points))
    left, paid = spent.points - spent.returned, spent.paid_minor
    sale = make_stored(make_lines(sum(parts)))
    refunds = [make_stored(make_lines(part)) for part in parts]
    cut = min(done, len(refunds))
    tell_returns(spent, sale, refunds[:cut], 0)
    spent.returned += sum(note["points"] for r in refunds for note in loads(r.notes or "[]"))
    tell_returns(spent, sale, refunds, cut)
    notes = [note for refund in refunds for note in loads(refund.notes or "[]")]
    assert all(note["points"] > 0 and note["amount_minor"] >= 0 for note in notes)
    is_any = sale.total_minor > 0
    assert sum(note["points"] for note in notes) == left * is_any
    assert sum(note["amount_minor"] for note in notes) == paid * is_any


def test_a_refund_that_nothing_came_back_for_says_nothing() -> None:
    sale, refund = make_stored(make_lines(100)), make_stored(make_lines(50))
    tell_returns(make_spent(10, 10, 5), sale, [refund], 0)
    assert refund.notes is None
