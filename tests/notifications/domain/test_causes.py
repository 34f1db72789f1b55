from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.domain.causes import VARIABLES, CauseKind, tier_up_cause_id
from services.notifications.domain.wording import check_values, examples

SPRING = datetime(2026, 3, 10, tzinfo=UTC)


def test_a_rise_told_again_with_a_moved_instant_is_the_same_cause() -> None:
    moved = SPRING + timedelta(days=3)
    assert tier_up_cause_id("gold", SPRING) == tier_up_cause_id("gold", moved)


def test_rises_to_two_tiers_on_one_day_are_two_causes() -> None:
    assert tier_up_cause_id("gold", SPRING) != tier_up_cause_id("black", SPRING)


def test_a_rise_of_another_half_year_is_another_cause() -> None:
    later = SPRING + timedelta(days=180)
    assert tier_up_cause_id("gold", SPRING) != tier_up_cause_id("gold", later)


def test_the_instant_counts_and_not_its_time_zone() -> None:
    from zoneinfo import ZoneInfo

    there = SPRING.astimezone(ZoneInfo("Asia/Shanghai"))
    assert tier_up_cause_id("gold", SPRING) == tier_up_cause_id("gold", there)


@pytest.mark.parametrize("kind", CauseKind)
def test_every_variable_has_an_example_of_its_kind(kind: CauseKind) -> None:
    assert VARIABLES[kind]
    check_values(kind, examples(kind))
