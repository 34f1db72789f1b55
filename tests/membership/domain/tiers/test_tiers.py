"""Tiers by spend, from published vectors and from the rules."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.membership.domain.tiers.errors import TierCodeRemoved, TierSchemeInvalid
from services.membership.domain.tiers.tiers import (
    Credit,
    Interval,
    Tier,
    TierScheme,
    check_scheme,
    lapses_at,
    scheme_at,
    tier_timeline,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FAR = START + 5_000 * DAY
TIERS = (
    Tier("bronze", "Bronze", 0, 0),
    Tier("silver", "Silver", 1, 10_000),
    Tier("gold", "Gold", 2, 20_000),
)
SCHEME = TierScheme(1, START - 9_000 * DAY, 365, 365, TIERS)


def credit(days: float, amount_minor: int, number: int = 0) -> Credit:
    return Credit(START + timedelta(days=days), UUID(int=number), amount_minor)


def timeline(
    *credits: Credit,
    scheme: TierScheme = SCHEME,
    until: datetime = FAR,
    enrolled_at: datetime = START,
) -> list[tuple[str, float]]:
    """Tier and day of each interval."""
    history = tier_timeline(sorted(credits), [scheme], enrolled_at, SHANGHAI, until)
    return [(i.tier, (i.since - START) / DAY) for i in history.intervals]


def tier_after(*credits: Credit) -> str:
    return timeline(*credits, until=max(c.purchased_at for c in credits))[-1][0]


@pytest.mark.parametrize(
    ("before", "sale", "expected"),
    [
        (0, 6_000, "bronze"),
        (0, 15_000, "silver"),
        (0, 25_000, "gold"),
        (4_000, 500, "bronze"),
        (8_000, 3_000, "silver"),
        (18_000, 3_000, "gold"),
        (22_000, 5_000, "gold"),
    ],
)
def test_e_1_spent_before_and_this_sale_give_the_tier(
    before: int, sale: int, expected: str
) -> None:
    earlier = [credit(1, before, 1)] if before else []
    assert tier_after(*earlier, credit(2, sale, 2)) == expected


@pytest.mark.parametrize(("active", "level"), [(5, "level-0"), (10, "level-1"), (30, "level-2")])
def test_o_12_at_the_end_of_the_year_the_level_is_what_the_year_supports(
    active: int, level: str
) -> None:
    tiers = tuple(
        Tier(f"level-{rank}", f"Level {rank}", rank, threshold)
        for rank, threshold in enumerate((0, 10, 30, 100))
    )
    scheme = TierScheme(1, START, 365, 365, tiers)
    # Level 2 was earned with 30; what came in since the window left that behind decides.
    credits = [credit(0, 30, 1), credit(365.2, active, 2)]
    history = tier_timeline(credits, [scheme], START, SHANGHAI, START + 366 * DAY)
    assert history.current.tier == level


def test_v_3_a_threshold_that_is_hit_on_10_march_gives_the_tier_on_10_march() -> None:
    at = datetime(2026, 3, 10, 7, 30, tzinfo=UTC)
    history = tier_timeline([Credit(at, UUID(int=1), 10_000)], [SCHEME], START, SHANGHAI, at)
    assert history.current == Interval("silver", at, "spend")


def test_the_purchase_that_crosses_holds_from_its_own_instant_on() -> None:
    assert timeline(credit(10, 10_000), until=START + 20 * DAY) == [("bronze", 0), ("silver", 10)]


def test_spend_that_is_older_than_the_window_no_longer_counts() -> None:
    assert tier_after(credit(0, 6_000, 1), credit(364.9, 6_000, 2)) == "silver"
    assert tier_after(credit(0, 6_000, 1), credit(365, 6_000, 2)) == "bronze"


def test_a_tier_is_held_to_the_end_of_the_last_day_and_then_falls() -> None:
    # Earned at midnight UTC, 8 in the morning in Shanghai: valid to the end of that day there.
    ends = 366 - 8 / 24
    assert timeline(credit(0, 10_000)) == [("silver", 0), ("bronze", ends)]
    at_end = START + timedelta(days=ends)
    history = tier_timeline([credit(0, 10_000)], [SCHEME], START, SHANGHAI, at_end - DAY)
    assert history.current.tier == "silver"
    assert history.due_at == at_end


def test_the_end_of_a_day_is_the_programmes_even_when_its_clocks_change() -> None:
    new_york = ZoneInfo("America/New_York")
    evening = datetime(2026, 3, 7, 23, 30, tzinfo=new_york)
    one_day = TierScheme(1, START, 365, 1, TIERS)
    assert lapses_at(evening.astimezone(UTC), one_day, new_york) == datetime(
        2026, 3, 9, 0, 0, tzinfo=new_york
    )
    # 23.5 hours later by the clock on the wall, an hour of the night between is missing.
    credits = [Credit(evening.astimezone(UTC), UUID(int=1), 10_000)]
    history = tier_timeline(credits, [one_day], START, new_york, FAR)
    assert history.intervals[-2:][0].tier == "silver"


def test_each_sale_that_reaches_the_threshold_again_renews_the_tier() -> None:
    once = timeline(credit(0, 10_000, 1), credit(100, 9_999, 2))
    assert [tier for tier, _ in once] == ["silver", "bronze"]
    # On day 100 the window holds 19,999: silver is earned anew and ends a year after that day.
    assert once[-1][1] == pytest.approx(100 + 366 - 8 / 24)


def test_a_sale_below_the_threshold_renews_nothing() -> None:
    credits = (credit(0, 10_000, 1), credit(364, 5_000, 2), credit(365.5, 1_000, 3))
    # Day 364 renews (15,000 in the window); day 365.5 does not (6,000).
    assert timeline(*credits)[-1][1] == pytest.approx(364 + 366 - 8 / 24)


def test_gold_falls_to_what_the_window_then_supports() -> None:
    steps = timeline(credit(0, 20_000, 1), credit(200, 12_000, 2), credit(201, -2_000, 3))
    assert [tier for tier, _ in steps] == ["gold", "bronze"]
    steps = timeline(credit(0, 20_000, 1), credit(1, 1_000, 2), credit(300, 12_000, 3))
    # Day 300 renews gold; when that ends the window holds nothing.
    assert [tier for tier, _ in steps] == ["gold", "bronze"]
    falls = TierScheme(1, START, 365, 100, TIERS)
    steps = timeline(credit(0, 20_000, 1), credit(50, -6_000, 2), scheme=falls)
    # After 100 days 14,000 are left in the window: silver, for the rest of its validities.
    assert [tier for tier, _ in steps] == ["gold", "silver", "bronze"]


def test_a_refund_does_not_take_a_tier_that_is_held() -> None:
    steps = timeline(credit(0, 10_000, 1), credit(1, -10_000, 2), until=START + 300 * DAY)
    assert steps == [("silver", 0)]


def test_a_refund_makes_the_next_tier_further_away() -> None:
    credits = (credit(0, 9_000, 1), credit(1, -3_000, 2), credit(2, 3_999, 3))
    assert tier_after(*credits) == "bronze"
    assert tier_after(*credits, credit(3, 1, 4)) == "silver"


def test_two_tiers_at_once_are_one_step() -> None:
    assert timeline(credit(5, 25_000), until=START + 6 * DAY) == [("bronze", 0), ("gold", 5)]


def test_what_was_bought_before_joining_counts_and_gives_nothing_before_joining() -> None:
    joined = START + 10 * DAY
    steps = timeline(credit(1, 10_000), enrolled_at=joined, until=START + 20 * DAY)
    assert steps == [("silver", 10)]


def test_a_purchase_of_tomorrow_waits_until_tomorrow() -> None:
    history = tier_timeline([credit(2, 10_000)], [SCHEME], START, SHANGHAI, START + DAY)
    assert [i.tier for i in history.intervals] == ["bronze"]
    assert history.due_at == START + 2 * DAY


def test_a_new_scheme_judges_what_is_bought_from_then_on() -> None:
    dearer = TierScheme(
        2,
        START + 100 * DAY,
        365,
        365,
        (TIERS[0], Tier("silver", "S", 1, 50_000), Tier("gold", "G", 2, 90_000)),
    )
    schemes = [SCHEME, dearer]
    assert scheme_at(schemes, START + 99 * DAY) is SCHEME
    assert scheme_at(schemes, START + 100 * DAY) is dearer
    assert scheme_at(schemes, START - 99_00 * DAY) is SCHEME

    def current(at: float) -> str:
        moment = START + at * DAY
        history = tier_timeline([credit(at, 10_000)], schemes, START, SHANGHAI, moment)
        return history.current.tier

    assert (current(99), current(101)) == ("silver", "bronze")


def test_a_tier_keeps_the_validity_of_the_scheme_under_which_it_was_earned() -> None:
    short = TierScheme(1, START, 365, 100, TIERS)
    long = TierScheme(2, START + 50 * DAY, 30, 365, TIERS)
    credits = [credit(0, 20_000, 1), credit(90, 10, 2), credit(150, 12_000, 3)]
    steps = tier_timeline(credits, [short, long], START, SHANGHAI, START + 151 * DAY).intervals
    assert [(i.tier, i.cause) for i in steps] == [
        ("gold", "spend"),
        ("bronze", "validity_ended"),
        ("silver", "spend"),
    ]


@pytest.mark.parametrize(
    "tiers",
    [
        [Tier("a", "A", 1, 0)],
        [Tier("a", "A", 0, 5)],
        [Tier("a", "A", 0, 0), Tier("b", "B", 1, 0)],
        [Tier("a", "A", 0, 0), Tier("a", "B", 1, 5)],
        [Tier("a", "A", 0, 0), Tier("b", "B", 2, 5)],
    ],
)
def test_tiers_that_make_no_ladder_are_refused(tiers: Sequence[Tier]) -> None:
    with pytest.raises(TierSchemeInvalid):
        check_scheme(tiers, None)


def test_a_tier_that_members_may_hold_stays() -> None:
    with pytest.raises(TierCodeRemoved):
        check_scheme(TIERS[:2], SCHEME)
    with pytest.raises(TierCodeRemoved):
        check_scheme(
            [
                Tier("x", "X", 0, 0),
                *(Tier(t.code, t.name, t.rank + 1, t.threshold_minor + 1) for t in TIERS),
            ],
            SCHEME,
        )
    check_scheme([*TIERS, Tier("black", "Black", 3, 99_999)], SCHEME)


CREDITS = st.lists(
    st.builds(
        credit,
        st.integers(-100, 1_500).map(float),
        st.integers(-9_000, 12_000),
        st.integers(1, 10**6),
    ),
    max_size=40,
    unique_by=lambda c: c.transaction_id,
)


@given(CREDITS, st.integers(0, 1_600))
def test_a_history_goes_on_and_never_changes_what_it_said(
    credits: list[Credit], until_day: int
) -> None:
    """What is known at an instant is a beginning of what is known later: f needs no clock."""
    credits.sort()
    until = START + until_day * DAY
    early = tier_timeline(credits, [SCHEME], START, SHANGHAI, until).intervals
    late = tier_timeline(credits, [SCHEME], START, SHANGHAI, FAR).intervals
    assert early == tuple(i for i in late if i.since <= until)


@given(CREDITS)
def test_intervals_rise_in_time_and_change_the_tier_each_time(credits: list[Credit]) -> None:
    steps = tier_timeline(sorted(credits), [SCHEME], START, SHANGHAI, FAR).intervals
    assert steps[0].since == START
    assert all(a.since < b.since and a.tier != b.tier for a, b in pairwise(steps))


@given(CREDITS)
def test_a_sale_leaves_nobody_below_the_tier_that_its_window_supports(
    credits: list[Credit],
) -> None:
    credits.sort()
    for sale in credits:
        if sale.amount_minor <= 0 or sale.purchased_at < START:
            continue
        spent = sum(
            c.amount_minor
            for c in credits
            if sale.purchased_at - 365 * DAY < c.purchased_at and c[:2] <= sale[:2]
        )
        known = [c for c in credits if c <= sale]
        history = tier_timeline(known, [SCHEME], START, SHANGHAI, sale.purchased_at)
        assert SCHEME.rank_of(history.current.tier) >= SCHEME.supported(spent).rank
