"""One member's year as a timeline."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from demo.story import Moment, most_eventful, render

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def _ordinary(minutes: int) -> Moment:
    return Moment(NOON + timedelta(minutes=minutes), "points", f"sale {minutes}", is_ordinary=True)


def test_the_member_with_most_kinds_of_events_is_told_of() -> None:
    members = {
        1: Counter({"bonuses": 400}),
        2: Counter({"bonuses": 1, "gifts": 1, "refunds": 1, "tier rises": 1}),
        3: Counter({"bonuses": 2, "gifts": 1, "refunds": 1, "tier rises": 1}),
        4: Counter({"bonuses": 2, "gifts": 1, "refunds": 1, "tier rises": 1}),
    }
    assert most_eventful(members) == 3
    assert most_eventful({}) is None


def test_ordinary_receipts_are_told_together() -> None:
    rise = Moment(NOON + timedelta(minutes=9), "membership", "rose to silver")
    lines = render([*(_ordinary(n) for n in range(5)), rise, _ordinary(10)])
    assert [line.split("  ")[-1].strip() for line in lines] == [
        "sale 0",
        "sale 1",
        "… and 3 more like these",
        "rose to silver",
        "sale 10",
    ]


def test_times_are_the_malls() -> None:
    assert render([_ordinary(0)])[0].startswith("2026-03-01 12:00  points")
