"""How often an activity earns."""

from datetime import UTC, datetime, timedelta

import pytest

from services.points.domain.activities.activities import (
    ActivityRule,
    count_times,
    periods_of,
    rule_at,
)
from services.points.domain.activities.errors import ActivityLimitReached, ActivityTooSoon
from services.points.domain.receipts.caps import Used

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"


def rule(**fields: int) -> ActivityRule:
    return ActivityRule("check_in", 1, NOON, 5, **fields)  # type: ignore[arg-type]


def test_the_newest_version_that_has_begun_is_in_force_and_one_of_no_points_ends_it() -> None:
    versions = [
        ActivityRule("x", 1, NOON, 5),
        ActivityRule("x", 2, NOON + timedelta(days=1), 7),
        ActivityRule("x", 3, NOON + timedelta(days=2), 0),
    ]

    def found(days: float) -> int | None:
        at = rule_at(versions, NOON + timedelta(days=days))
        return None if at is None else at.version

    assert [found(d) for d in (-0.1, 0, 0.9, 1, 2)] == [None, 1, 1, 2, None]


def test_what_counts_is_among_what_is_read() -> None:
    with_all = rule(day_max=1, month_max=1, ever_max=1, cooldown_seconds=600)
    counted = count_times(with_all, NOON, SHANGHAI, {})
    assert {period for _, period in counted} <= set(periods_of(with_all, NOON, SHANGHAI))
    assert len(counted) == 4


@pytest.mark.parametrize(
    ("fields", "period"),
    [
        ({"day_max": 2}, "2026-03-10"),
        ({"month_max": 2}, "2026-03"),
        ({"ever_max": 2}, "ever"),
    ],
)
def test_the_last_that_a_limit_lets_through_is_the_limits_number(
    fields: dict[str, int], period: str
) -> None:
    for times, passes in ((1, True), (2, False)):
        used = {("activity:check_in", period): Used(5 * times, times, NOON)}
        if passes:
            assert count_times(rule(**fields), NOON, SHANGHAI, used)
            continue
        with pytest.raises(ActivityLimitReached):
            count_times(rule(**fields), NOON, SHANGHAI, used)


@pytest.mark.parametrize("seconds", [-600, -599, 0, 599, 600])
def test_a_cooldown_looks_both_ways(seconds: int) -> None:
    cooled = rule(cooldown_seconds=600)
    before = NOON + timedelta(seconds=seconds)
    [*_, key] = count_times(cooled, before, SHANGHAI, {})
    used = {key: Used(5, 1, before)}
    if abs(seconds) == 600:
        assert count_times(cooled, NOON, SHANGHAI, used)
        return
    with pytest.raises(ActivityTooSoon):
        count_times(cooled, NOON, SHANGHAI, used)
