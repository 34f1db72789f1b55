"""The year that a programme keeps."""

from datetime import UTC, date, datetime, timedelta

import pytest

from demo.receipts import EPOCH_WALL
from demo.stack import DemoProblem
from demo.year import ZONE, choose_year, year_from

NOW = datetime(2026, 6, 3, 15, 0, tzinfo=UTC)


def test_a_new_programmes_year_ends_yesterday_or_some_days_before() -> None:
    year = choose_year(NOW)
    assert year.shift % timedelta(weeks=1) == timedelta(0)
    assert NOW - timedelta(days=8) < year.ends_at <= NOW
    assert year.starts_at.tzinfo == ZONE


def test_the_malls_clocks_decide_which_day_it_is() -> None:
    sunday_in_utc = datetime(2026, 6, 7, 17, 0, tzinfo=UTC)  # Monday in the malls
    assert choose_year(sunday_in_utc).ends_at == datetime(2026, 6, 8, tzinfo=ZONE)


def test_a_later_replay_reads_the_year_from_the_first_policy() -> None:
    year = choose_year(NOW)
    told = datetime.fromisoformat(year.starts_at.astimezone(UTC).isoformat())
    assert year_from(told, NOW + timedelta(days=20)) == year


def test_wall_times_come_back() -> None:
    year = choose_year(NOW)
    wall = EPOCH_WALL + timedelta(days=62, hours=18, minutes=30, seconds=1)
    assert year.wall(year.instant(wall).astimezone(UTC)) == wall
    assert year.instant(wall).weekday() == wall.weekday()
    assert year.day(date(2017, 3, 4)).hour == 0


def test_a_policy_that_is_not_the_demos_is_told() -> None:
    with pytest.raises(DemoProblem, match="not the demo's"):
        year_from(datetime(2026, 1, 1, tzinfo=ZONE) + timedelta(days=1), NOW)


def test_a_year_too_old_to_be_taken_is_told() -> None:
    year = choose_year(NOW)
    with pytest.raises(DemoProblem, match="make clean"):
        year_from(year.starts_at, NOW + timedelta(days=40))
