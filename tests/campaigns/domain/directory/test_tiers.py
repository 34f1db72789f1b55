"""Which tier was held when, and since when two timelines differ."""

from datetime import UTC, datetime

from services.campaigns.domain.directory.tiers import Tenure, first_difference, tier_at


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


BASIC_THEN_GOLD = (Tenure(day(1), "basic"), Tenure(day(10), "gold"))


def test_a_purchase_has_the_tier_of_its_instant() -> None:
    assert tier_at(BASIC_THEN_GOLD, day(9)) == "basic"
    assert tier_at(BASIC_THEN_GOLD, day(10)) == "gold"


def test_what_was_bought_before_enrolment_has_the_first_tier_and_a_stranger_none() -> None:
    assert tier_at(BASIC_THEN_GOLD, datetime(2025, 1, 1, tzinfo=UTC)) == "basic"
    assert tier_at((), day(1)) is None


def test_a_promotion_moved_forward_differs_from_its_new_instant() -> None:
    earlier = (Tenure(day(1), "basic"), Tenure(day(5), "gold"))
    assert first_difference(BASIC_THEN_GOLD, earlier) == day(5)
    assert first_difference(BASIC_THEN_GOLD, BASIC_THEN_GOLD) is None


def test_a_first_timeline_or_another_first_tier_differs_since_ever() -> None:
    assert first_difference((), BASIC_THEN_GOLD) == datetime(1, 1, 1, tzinfo=UTC)
    assert first_difference((Tenure(day(1), "gold"),), BASIC_THEN_GOLD) == datetime(
        1, 1, 1, tzinfo=UTC
    )
    assert first_difference((), ()) is None


def test_the_same_tiers_told_in_more_pieces_do_not_differ() -> None:
    pieces = (*BASIC_THEN_GOLD, Tenure(day(12), "gold"))
    assert first_difference(BASIC_THEN_GOLD, pieces) is None
