"""What may be spent, and in which order lots are taken."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.ledger.lots import LotTerms, OpenLot, available_points, claw_order
from services.points.domain.ledger.lots import spending_order as order

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SOON, LATE, GONE = NOW + timedelta(days=1), NOW + timedelta(days=9), NOW - timedelta(days=1)
OWN, OTHER = UUID(int=1), UUID(int=2)


def lot(
    points: int, expires_at: datetime | None = None, version: int = 1, **terms: bool
) -> OpenLot:
    return OpenLot(version, points, OTHER, LotTerms(expires_at, **terms))  # type: ignore[arg-type]


def test_s_5_points_end_exactly_at_their_instant() -> None:
    assert lot(1, NOW).is_expired(NOW)
    assert not lot(1, NOW).is_expired(NOW - timedelta(microseconds=1))


def test_spending_takes_what_ends_first_and_what_never_ends_last() -> None:
    lots = [lot(1, None, 1), lot(1, LATE, 2), lot(1, SOON, 4), lot(1, SOON, 3)]
    assert [found.version for found in sorted(lots, key=order)] == [3, 4, 2, 1]


def test_a_claw_back_takes_what_is_pending_and_then_what_is_good_its_own_lot_before_others() -> (
    None
):
    own = OpenLot(9, 1, OWN, LotTerms())
    own_pending = OpenLot(8, 1, OWN, LotTerms(pending=True))
    lots = [lot(1, SOON, 1), lot(1, LATE, 2, pending=True), own, own_pending]
    assert [f.version for f in sorted(lots, key=lambda x: claw_order(x, OWN))] == [8, 2, 9, 1]


def test_a_hold_counts_on_what_has_ended_before_it_takes_from_the_rest() -> None:
    lots = [lot(50, GONE), lot(50)]
    assert available_points(lots, 100, 0, NOW) == 50
    assert available_points(lots, 100, 50, NOW) == 50
    assert available_points(lots, 100, 70, NOW) == 30


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.sampled_from([None, SOON, GONE]), st.booleans()),
        max_size=6,
    ),
    st.integers(0, 100),
)
def test_more_is_never_available_than_can_be_taken_without_touching_what_is_held(
    parts: list[tuple[int, datetime | None, bool]], held: int
) -> None:
    lots = [lot(points, ends, n, pending=p) for n, (points, ends, p) in enumerate(parts)]
    balance = sum(points for points, _, _ in parts)
    available = available_points(lots, balance, held, NOW)
    takeable = sum(found.remaining for found in lots if not found.terms.pending)
    spendable = sum(found.remaining for found in lots if found.is_spendable(NOW))
    assert 0 <= available <= spendable
    assert available == 0 or available + held <= takeable
