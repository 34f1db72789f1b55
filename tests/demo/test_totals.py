"""What the year came to: what the digest covers, and where services may not contradict."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from demo.receipts import EPOCH_WALL
from demo.totals import Totals, contradictions, digest_of, tier_steps
from demo.year import choose_year

YEAR = choose_year(datetime(2026, 6, 3, tzinfo=UTC))
SUMS = {
    "sales": 2,
    "visits": 2,
    "sales minor": 1_000,
    "refunds minor": 200,
    "spend minor": 800,
    "points earned": 10,
    "points clawed back": 2,
    "points bonus": 5,
    "points granted": 5,
    "points balance": 13,
}


def _totals(**changed: int) -> Totals:
    sums = SUMS | {name.replace("_", " "): count for name, count in changed.items()}
    return Totals(sums, {1: Counter(sums)}, "digest", {})


def test_services_that_heard_the_same_do_not_contradict_each_other() -> None:
    assert contradictions(_totals()) == []


def test_each_missing_piece_is_a_contradiction() -> None:
    assert len(contradictions(_totals(points_balance=12))) == 1
    assert len(contradictions(_totals(points_granted=6))) == 1
    assert len(contradictions(_totals(spend_minor=1_000))) == 1
    assert len(contradictions(_totals(visits=1))) == 1


def test_the_digest_covers_every_figure_and_no_order() -> None:
    one = digest_of({1: Counter(a=1, b=2), 2: Counter()}, {1: [["silver", "…", "spend"]]})
    same = digest_of({2: Counter(c=0), 1: Counter(b=2, a=1)}, {1: [["silver", "…", "spend"]]})
    assert one == same
    assert one != digest_of({1: Counter(a=1, b=3), 2: Counter()}, {1: [["silver", "…", "spend"]]})
    assert one != digest_of({1: Counter(a=1, b=2), 2: Counter()}, {1: [["gold", "…", "spend"]]})


def test_tiers_are_told_by_the_datas_clock_and_only_within_the_year() -> None:
    wall = EPOCH_WALL + timedelta(days=40)
    timeline = [
        {"tier": "silver", "since": YEAR.instant(wall).astimezone(UTC).isoformat()}
        | {"cause": "spend"},
        {"tier": "member", "since": YEAR.ends_at.isoformat(), "cause": "validity_ended"},
    ]
    assert tier_steps(timeline, YEAR) == [["silver", wall.isoformat(), "spend"]]
