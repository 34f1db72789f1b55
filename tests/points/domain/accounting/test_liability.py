"""Days of a programme and the share of points that break."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.points.domain.accounting.liability import (
    breakage_ppm,
    day_of,
    is_settled,
    programme_day,
)


def test_a_day_begins_and_ends_by_the_programmes_own_clock() -> None:
    day = day_of(datetime(2026, 3, 10, 17, tzinfo=UTC), "Asia/Shanghai")
    assert (day.day, day.starts_at, day.ends_at) == (
        date(2026, 3, 11),
        datetime(2026, 3, 10, 16, tzinfo=UTC),
        datetime(2026, 3, 11, 16, tzinfo=UTC),
    )


@pytest.mark.parametrize(("day", "hours"), [(29, 23), (28, 24)])
def test_a_day_in_which_summer_time_begins_has_23_hours(day: int, hours: int) -> None:
    found = programme_day(date(2026, 3, day), "Europe/Berlin")
    assert found.ends_at - found.starts_at == timedelta(hours=hours)


def test_a_day_is_settled_a_quarter_of_an_hour_after_its_end() -> None:
    day = programme_day(date(2026, 3, 10), "UTC")
    assert not is_settled(day, day.ends_at + timedelta(minutes=14, seconds=59))
    assert is_settled(day, day.ends_at + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("given", "expired", "ppm"),
    [
        (0, 0, None),
        (-5, 0, None),
        (3, 1, 333_333),
        (3, 2, 666_667),
        (2_000_000, 1, 1),
        (7, 7, 10**6),
    ],
)
def test_breakage_is_rounded_half_up_in_millionths(
    given: int, expired: int, ppm: int | None
) -> None:
    assert breakage_ppm(given, expired) == ppm
