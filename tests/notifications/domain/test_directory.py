from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.notifications.domain.directory import Directory, check_time_zone
from services.notifications.domain.errors import TimeZoneUnknown

SHANGHAI, LISBON, MEMBER = UUID(int=1), UUID(int=2), UUID(int=3)
ZONES = {SHANGHAI: "Asia/Shanghai", LISBON: "Europe/Lisbon"}
LATE = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)


def test_a_day_is_the_day_of_the_mall_it_happened_in() -> None:
    directory = Directory(home_malls={MEMBER: SHANGHAI}, time_zones=ZONES)
    assert directory.local_day(LATE, LISBON, MEMBER) == date(2026, 3, 10)


def test_without_a_mall_it_is_the_day_of_the_member_s_home_mall() -> None:
    directory = Directory(home_malls={MEMBER: LISBON}, time_zones=ZONES)
    assert directory.local_day(LATE, None, MEMBER) == date(2026, 3, 10)


def test_without_either_it_is_the_day_of_the_programme_s_first_mall() -> None:
    assert Directory(time_zones=ZONES).local_day(LATE, UUID(int=8), MEMBER) == date(2026, 3, 11)


def test_summer_time_moves_the_day() -> None:
    summer = datetime(2026, 7, 10, 23, 30, tzinfo=UTC)
    directory = Directory(time_zones={LISBON: "Europe/Lisbon"})
    assert directory.local_day(summer, LISBON, MEMBER) == date(2026, 7, 11)


def test_a_programme_without_malls_counts_days_in_utc() -> None:
    assert Directory().local_day(LATE, None, MEMBER) == date(2026, 3, 10)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "a\x00b", "Asia"])
def test_a_time_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(TimeZoneUnknown):
        check_time_zone(name)


def test_a_known_time_zone_is_taken() -> None:
    check_time_zone("Asia/Shanghai")
