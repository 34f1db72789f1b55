"""From what was last told to what is so now."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.membership.domain.tiers.assessment import TierState, assess, reaches_to
from services.membership.domain.tiers.tiers import Credit, Interval, Tier, TierScheme

START = datetime(2026, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
SCHEME = TierScheme(1, START, 365, 365, (Tier("b", "B", 0, 0), Tier("s", "S", 1, 100)))
STATE = TierState(UUID(int=1), START, 4, (Interval("b", START, "enrolled"),), START)


def _credit(day: int) -> Credit:
    return Credit(START + timedelta(days=day), UUID(int=day), 100)


def test_each_move_has_the_next_version() -> None:
    found = assess(STATE, [_credit(3)], [SCHEME], ZONE, START + timedelta(days=3))
    assert (found.version, [m.to_tier for m in found.moves]) == (5, ["s"])


def test_a_history_never_reaches_less_far_than_it_was_told() -> None:
    told = TierState(STATE.member_id, START, 4, STATE.timeline, START + timedelta(days=400))
    found = assess(told, [_credit(3)], [SCHEME], ZONE, START + timedelta(days=3))
    assert found.assessed_until == told.assessed_until
    assert [m.to_tier for m in found.moves] == ["s", "b"]


def test_a_history_is_new_when_it_moved_or_will_move_at_another_time() -> None:
    below = Credit(START + timedelta(days=3), UUID(int=3), 50)
    assert not assess(STATE, [below], [SCHEME], ZONE, below.purchased_at).is_new
    risen = assess(STATE, [_credit(3)], [SCHEME], ZONE, START + timedelta(days=3))
    assert risen.is_new
    told = TierState(
        STATE.member_id,
        START,
        risen.version,
        risen.history.intervals,
        risen.assessed_until,
        risen.history.due_at,
    )
    again = [_credit(3), _credit(4)]
    later = assess(told, again, [SCHEME], ZONE, START + timedelta(days=4))
    assert (later.moves, later.is_new) == ((), True)
    assert not assess(told, again[:1], [SCHEME], ZONE, START + timedelta(days=4)).is_new


def test_purchases_carry_a_history_to_the_last_of_them_but_not_into_the_future() -> None:
    now = START + timedelta(days=10)
    assert reaches_to([_credit(3)], now) == START + timedelta(days=3)
    assert reaches_to([_credit(3), _credit(99)], now) == now
    assert reaches_to([], now) == now
