"""What caps and a cooldown leave of a purchase's points."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.receipts.caps import (
    Cap,
    CapPeriod,
    Exceeded,
    Limits,
    Used,
    count_usage,
    grant,
    periods_on,
    periods_to_read,
)
from shared.ids import new_id
from tests.points.samples import NOON

SHANGHAI = "Asia/Shanghai"


def make_limits(period: str, points: int, exceeded: str = "trim", code: str = "c") -> Limits:
    return Limits((Cap(code, CapPeriod(period), points, Exceeded(exceeded)),))


def earn(limits: Limits, worths: list[tuple[int, datetime]], zone: str = SHANGHAI) -> list[int]:
    """What each of these worths earns, one after the other."""
    used: dict[tuple[str, str], Used] = {}
    account_id, found = new_id(), []
    for worth, at in worths:
        granted = grant(limits, worth, at, zone, used)
        if granted.points:
            count_usage(used, account_id, granted.counted, granted.points, 1, at)
        found.append(granted.points)
    return found


def test_v_6_a_cap_for_ever_awards_the_part_up_to_it() -> None:
    worths = [(60, NOON), (60, NOON + timedelta(days=500)), (60, NOON + timedelta(days=900))]
    assert earn(make_limits("member", 100), worths) == [60, 40, 0]


def test_v_6_a_receipt_over_its_cap_is_rejected_whole() -> None:
    assert earn(make_limits("receipt", 100, "reject"), [(101, NOON), (100, NOON)]) == [0, 100]


@pytest.mark.parametrize(
    ("period", "step", "earned"),
    [
        ("day", timedelta(hours=23), [60, 40, 60]),
        ("month", timedelta(days=16), [60, 40, 60]),
        ("year", timedelta(days=200), [60, 40, 60]),
        ("receipt", timedelta(0), [60, 60, 60]),
    ],
)
def test_each_period_begins_anew(period: str, step: timedelta, earned: list[int]) -> None:
    start = datetime(2026, 1, 1, 0, 30, tzinfo=UTC) - timedelta(hours=8)
    worths = [(60, start + n * step) for n in range(3)]
    assert earn(make_limits(period, 100), worths) == earned


def test_the_day_is_the_malls() -> None:
    """16:00 in Greenwich is midnight in Shanghai."""
    late, early = datetime(2026, 3, 10, 15, 59, tzinfo=UTC), datetime(2026, 3, 10, 16, tzinfo=UTC)
    limits = make_limits("day", 100)
    assert earn(limits, [(80, late), (80, early)]) == [80, 80]
    assert earn(limits, [(80, late), (80, early)], "UTC") == [80, 20]


def test_a_late_receipt_counts_on_the_day_of_its_purchase() -> None:
    yesterday = NOON - timedelta(days=1)
    worths = [(80, yesterday), (80, NOON), (80, yesterday)]
    assert earn(make_limits("day", 100), worths) == [80, 80, 20]


def test_the_notes_say_which_cap_took_how_much() -> None:
    limits = Limits(
        (
            Cap("receipt", CapPeriod.RECEIPT, 90, Exceeded.TRIM),
            Cap("daily", CapPeriod.DAY, 100, Exceeded.TRIM),
        )
    )
    used = {("earn:daily", "2026-03-10"): Used(30, 1, NOON)}
    granted = grant(limits, 120, NOON, SHANGHAI, used)
    assert granted.points == 70
    common = {"code": "cap_trimmed"}
    assert granted.notes == [
        {
            **common,
            "cap": "receipt",
            "period": "receipt",
            "limit": 90,
            "granted_before": 0,
            "points": 30,
        },
        {
            **common,
            "cap": "daily",
            "period": "day",
            "limit": 100,
            "granted_before": 30,
            "points": 20,
        },
    ]
    assert granted.counted == [("earn:daily", "2026-03-10")]


def test_a_cooldown_looks_both_ways_for_late_receipts() -> None:
    minutes = [0, 9, 10, 25, 20, 16, 35]
    worths = [(5, NOON + timedelta(minutes=m)) for m in minutes]
    assert earn(Limits((), 600), worths) == [5, 0, 5, 5, 0, 0, 5]


def test_what_is_worth_nothing_neither_counts_nor_cools() -> None:
    assert grant(Limits((), 600), 0, NOON, SHANGHAI, {}).counted == []


def test_a_receipt_rated_anew_has_its_own_points_for_room() -> None:
    limits = make_limits("day", 100)
    used = {("earn:c", "2026-03-10"): Used(90, 2, NOON)}
    assert grant(limits, 80, NOON, SHANGHAI, used, earned_before=60).points == 70
    assert grant(limits, 0, NOON, SHANGHAI, used, earned_before=60).counted == list(used)


def test_only_sane_instants_are_looked_for() -> None:
    wild = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    limits = make_limits("month", 1)
    assert periods_to_read([(limits, at) for at in wild]) == []
    assert set(periods_to_read([(limits, NOON)])) >= {"2026-03-10", "2026-03", "2026", "ever"}
    assert periods_to_read([(Limits(), NOON)]) == []


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60 * 24 * 70)), max_size=30),
    st.lists(
        st.tuples(st.sampled_from(CapPeriod), st.integers(0, 500), st.sampled_from(Exceeded)),
        max_size=4,
    ),
    st.sampled_from(["UTC", SHANGHAI, "America/New_York", "Pacific/Kiritimati"]),
)
def test_no_period_ever_grants_more_than_its_cap(
    purchases: list[tuple[int, int]], caps: list[tuple[Any, int, Any]], zone: str
) -> None:
    limits = Limits(tuple(Cap(f"c{n}", *cap) for n, cap in enumerate(caps)), 3_600)
    used: dict[tuple[str, str], Used] = {}
    at_all = []
    for worth, minute in purchases:
        at = NOON + timedelta(minutes=minute)
        granted = grant(limits, worth, at, zone, used)
        assert 0 <= granted.points <= worth
        # What counts is among what would have been read for it.
        assert {period for _, period in granted.counted} <= set(periods_to_read([(limits, at)]))
        if granted.points:
            count_usage(used, new_id(), granted.counted, granted.points, 1, at)
            at_all.append(at)
    by_code = {cap.usage_code: cap.points for cap in limits.caps}
    assert all(u.points <= by_code[code] for (code, _), u in used.items() if code in by_code)
    ordered = sorted(at_all)
    gaps = [b - a for a, b in pairwise(ordered)]
    assert all(gap >= timedelta(hours=1) for gap in gaps)


@given(
    instant=st.integers(1, 2_000_000_000).map(lambda minutes: NOON + timedelta(seconds=minutes)),
    time_zone=st.sampled_from(["Asia/Shanghai", "Pacific/Kiritimati", "America/Los_Angeles"]),
    cooldown_seconds=st.sampled_from([0, 600]),
)
def test_the_periods_of_a_place_are_what_a_grant_there_counts_in(
    instant: datetime, time_zone: str, cooldown_seconds: int
) -> None:
    caps = tuple(Cap(f"per-{p}", p, 10**9, Exceeded.TRIM) for p in CapPeriod)
    limits = Limits(caps, cooldown_seconds)
    there = periods_on(limits, instant, time_zone)
    assert {period for _, period in grant(limits, 5, instant, time_zone, {}).counted} <= there
    assert there <= set(periods_to_read([(limits, instant)]))
