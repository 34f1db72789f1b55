"""Points end when the mall's day ends, by whatever model, in winter and in summer."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.expiry.expiry import (
    NEVER,
    ExpiryKind,
    ExpiryModel,
    add_months,
    end_of_day,
    expiry_of,
    first_instant,
    last_day_of,
    read_expiry,
)
from services.points.domain.receipts.receipts import local_day

# Malls of the south, of half-hour offsets, and where the clocks change at midnight itself.
ZONES = (
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "America/Santiago",
    "Pacific/Auckland",
)
models = st.one_of(
    st.builds(ExpiryModel, st.just(ExpiryKind.ROLLING_DAYS), st.integers(0, 2_000)),
    st.builds(
        ExpiryModel,
        st.sampled_from([ExpiryKind.MONTHS, ExpiryKind.SLIDING]),
        st.integers(0, 60),
    ),
    st.builds(
        ExpiryModel,
        st.sampled_from(
            [ExpiryKind.END_OF_MONTH, ExpiryKind.END_OF_QUARTER, ExpiryKind.END_OF_YEAR]
        ),
        st.integers(0, 12),
    ),
    st.builds(
        ExpiryModel,
        st.just(ExpiryKind.CALENDAR_DATE),
        st.integers(0, 3),
        st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    ),
)
instants = st.integers(0, 4_000 * 86_400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def day_of(model: dict[str, Any], *bought: int) -> date:
    return last_day_of(read_expiry(model), date(*bought))


@pytest.mark.parametrize("time_zone", ["Asia/Shanghai", "America/New_York", "Europe/Berlin"])
@pytest.mark.parametrize(
    ("model", "bought", "end"),
    [
        ({"kind": "months", "months": 1}, (2027, 1, 25), (2027, 2, 26)),
        ({"kind": "months", "months": 1}, (2027, 1, 31), (2027, 3, 1)),
        ({"kind": "months", "months": 0}, (2027, 1, 1), (2027, 1, 2)),
        ({"kind": "end_of_month", "periods_ahead": 1}, (2027, 1, 1), (2027, 3, 1)),
        ({"kind": "end_of_month", "periods_ahead": 1}, (2027, 1, 31), (2027, 3, 1)),
    ],
)
def test_v_1_points_are_usable_to_the_end_of_their_last_day_in_the_mall(
    time_zone: str, model: dict[str, Any], bought: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    mall = ZoneInfo(time_zone)
    for hour in (0, 23):
        purchased_at = datetime(*bought, hour, 59, tzinfo=mall)
        found, slides = expiry_of(read_expiry(model), purchased_at, time_zone)
        assert found == datetime(*end, tzinfo=mall)
        assert slides is None


def test_quarters_years_days_and_dates_end_when_they_say() -> None:
    assert day_of({"kind": "rolling_days", "days": 90}, 2026, 3, 10) == date(2026, 6, 8)
    assert day_of({"kind": "end_of_quarter"}, 2026, 3, 31) == date(2026, 3, 31)
    assert day_of({"kind": "end_of_quarter", "periods_ahead": 1}, 2026, 1, 1) == date(2026, 6, 30)
    assert day_of({"kind": "end_of_year"}, 2026, 1, 1) == date(2026, 12, 31)
    assert day_of({"kind": "end_of_year", "periods_ahead": 1}, 2026, 12, 31) == date(2027, 12, 31)


def test_a_calendar_date_comes_again_every_year_after_the_first() -> None:
    model = {"kind": "calendar_date", "on": "2027-06-30"}
    assert day_of(model, 2026, 1, 1) == date(2027, 6, 30)
    assert day_of(model, 2027, 6, 30) == date(2027, 6, 30)
    assert day_of(model, 2027, 7, 1) == date(2028, 6, 30)
    assert day_of({**model, "periods_ahead": 1}, 2027, 7, 1) == date(2029, 6, 30)
    leap = {"kind": "calendar_date", "on": "2024-02-29"}
    assert day_of(leap, 2026, 2, 1) == date(2026, 2, 28)
    assert day_of(leap, 2027, 12, 1) == date(2028, 2, 29)


def test_points_bought_in_winter_end_at_a_summer_midnight() -> None:
    model = read_expiry({"kind": "months", "months": 6})
    purchased_at = datetime(2026, 2, 10, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert expiry_of(model, purchased_at, "Europe/Berlin") == (
        datetime(2026, 8, 10, 22, tzinfo=UTC),
        None,
    )


def test_where_the_clock_skips_midnight_the_day_begins_with_what_follows() -> None:
    begins = first_instant(date(2026, 4, 24), "Africa/Cairo")
    assert begins == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert local_day(begins, "Africa/Cairo") == date(2026, 4, 24)
    assert local_day(begins - timedelta(seconds=1), "Africa/Cairo") == date(2026, 4, 23)


def test_points_that_never_end_have_no_end_and_sliding_ones_say_how_far_they_slide() -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert expiry_of(read_expiry({"kind": "never"}), noon, "UTC") == (None, None)
    sliding = read_expiry({"kind": "sliding", "months": 12})
    assert expiry_of(sliding, noon, "UTC") == (datetime(2027, 3, 11, tzinfo=UTC), 12)
    assert expiry_of(NEVER, noon, "UTC") == (None, None)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"kind": "some_day"},
        {"kind": "months", "months": -1},
        {"kind": "rolling_days", "days": 40_000},
        {"kind": "calendar_date", "on": "soon"},
        {"kind": "calendar_date"},
    ],
)
def test_what_is_no_model_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_expiry(spec)


@given(model=models, purchased_at=instants, time_zone=st.sampled_from(ZONES))
def test_points_last_to_the_end_of_their_last_day_and_no_longer(
    model: ExpiryModel, purchased_at: datetime, time_zone: str
) -> None:
    ends_at, _ = expiry_of(model, purchased_at, time_zone)
    assert ends_at is not None
    last_day = last_day_of(model, local_day(purchased_at, time_zone))
    assert purchased_at < ends_at
    assert local_day(ends_at, time_zone) == last_day + timedelta(days=1)
    assert local_day(ends_at - timedelta(microseconds=1), time_zone) == last_day


@given(model=models, earlier=instants, later=instants, time_zone=st.sampled_from(ZONES))
def test_points_bought_later_never_end_earlier(
    model: ExpiryModel, earlier: datetime, later: datetime, time_zone: str
) -> None:
    earlier, later = sorted((earlier, later))
    first, _ = expiry_of(model, earlier, time_zone)
    second, _ = expiry_of(model, later, time_zone)
    assert first is not None
    assert second is not None
    assert first <= second


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)), months=st.integers(0, 600))
def test_months_later_is_the_same_day_or_the_months_last(day: date, months: int) -> None:
    found = add_months(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found + timedelta(days=1)).day == 1


def test_a_day_ends_when_the_next_begins() -> None:
    assert end_of_day(date(2026, 3, 10), "Asia/Shanghai") == datetime(2026, 3, 10, 16, tzinfo=UTC)
