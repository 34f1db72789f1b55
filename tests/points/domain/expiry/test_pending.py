"""Until when points wait."""

from datetime import UTC, date, datetime

import pytest

from services.points.domain.expiry.pending import (
    NOT_PENDING,
    PendingMode,
    PendingTerms,
    pending_until,
)
from tests.points.samples import NOON

ZONE = "Asia/Shanghai"
FOURTEEN_DAYS = PendingTerms(PendingMode.DAYS, days=14)
MAY_DAY = PendingTerms(PendingMode.DATE, on=date(2026, 5, 1))


def test_days_end_when_the_malls_day_begins() -> None:
    late = datetime(2026, 3, 10, 15, 59, tzinfo=UTC)
    day = datetime(2026, 3, 23, 16, tzinfo=UTC)
    assert pending_until(FOURTEEN_DAYS, late, ZONE, late) == (True, day)


def test_a_date_is_the_same_for_all_who_buy_before_it() -> None:
    day = datetime(2026, 4, 30, 16, tzinfo=UTC)
    assert pending_until(MAY_DAY, NOON, ZONE, NOON) == (True, day)


@pytest.mark.parametrize("terms", [FOURTEEN_DAYS, MAY_DAY], ids=["days", "date"])
def test_what_is_recorded_after_the_wait_does_not_wait(terms: PendingTerms) -> None:
    later = datetime(2026, 6, 1, tzinfo=UTC)
    assert pending_until(terms, NOON, ZONE, later) == (False, None)


@pytest.mark.parametrize("mode", [PendingMode.EVENT, PendingMode.MANUAL])
def test_events_and_people_come_without_a_date(mode: PendingMode) -> None:
    assert pending_until(PendingTerms(mode), NOON, ZONE, NOON) == (True, None)


def test_without_terms_points_are_good_at_once() -> None:
    assert pending_until(NOT_PENDING, NOON, ZONE, NOON) == (False, None)
