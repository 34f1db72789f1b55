"""How fast the year goes by."""

import argparse
from datetime import timedelta

import pytest

from demo.pace import Pace, speed_from, window_length
from tests.demo.samples import MORNING


@pytest.mark.parametrize("text", ["86400", "86400x", "86400×", "8.64e4"])
def test_a_speed_is_a_number_of_times(text: str) -> None:
    assert speed_from(text) == 86_400.0


@pytest.mark.parametrize("text", ["", "fast", "0", "-3x", "nan", "inf"])
def test_what_is_no_speed_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        speed_from(text)


def test_a_window_is_a_second_of_the_replay_within_bounds() -> None:
    assert window_length(86_400) == timedelta(days=1)
    assert window_length(1) == timedelta(minutes=1)
    assert window_length(1e8) == window_length(None) == timedelta(days=14)


def test_a_day_takes_a_second_at_86400_times() -> None:
    slept: list[float] = []
    pace = Pace(86_400, MORNING, began=100.0, sleep=slept.append, clock=lambda: 100.25)
    pace.wait_for(MORNING + timedelta(days=2))
    pace.wait_for(MORNING + timedelta(hours=1))
    assert slept == [1.75, 0.0]


def test_full_speed_never_waits() -> None:
    slept: list[float] = []
    Pace(None, MORNING, 0.0, slept.append, lambda: 0.0).wait_for(MORNING + timedelta(days=9))
    assert slept == []
