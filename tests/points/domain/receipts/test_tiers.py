"""Which tier was held when."""

from datetime import UTC, datetime, timedelta

from services.points.domain.receipts.tiers import first_difference, tier_at
from tests.points.samples import NOON

DAY = timedelta(days=1)
TIMELINE = [(NOON, "basic"), (NOON + DAY, "gold"), (NOON + 3 * DAY, "silver")]


def test_a_tier_is_held_from_its_first_instant_on() -> None:
    held = [tier_at(TIMELINE, NOON + hours * timedelta(hours=1)) for hours in (0, 23, 24, 72)]
    assert held == ["basic", "basic", "gold", "silver"]


def test_before_the_enrolment_a_purchase_earns_as_the_new_member() -> None:
    assert tier_at(TIMELINE, NOON - DAY) == "basic"


def test_without_a_timeline_there_is_no_tier() -> None:
    assert tier_at([], NOON) is None


def test_timelines_differ_from_where_their_tiers_differ() -> None:
    moved = [(NOON, "basic"), (NOON + 2 * DAY, "gold"), (NOON + 3 * DAY, "silver")]
    assert first_difference(TIMELINE, moved) == NOON + DAY
    assert first_difference(TIMELINE, TIMELINE) is None


def test_the_same_tier_cut_into_pieces_is_no_difference() -> None:
    pieces = [(NOON, "basic"), (NOON + DAY, "basic")]
    assert first_difference([(NOON, "basic")], pieces) is None


def test_another_first_tier_reaches_back_to_the_beginning_of_time() -> None:
    found = first_difference([(NOON, "basic")], [(NOON, "gold")])
    assert found == datetime(1, 1, 1, tzinfo=UTC)
    assert first_difference([], [(NOON, "gold")]) == found
