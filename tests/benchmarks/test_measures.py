"""Ratios, medians and verdicts."""

import pytest

from benchmarks.measures import Figure, Measured, Memory, Trial, best_of


def measured(*rates: int, name: str = "ours") -> Measured:
    return Measured(name, "receipts/s", [Trial(rate, 1.0) for rate in rates])


def figure(ours: int, ceiling: int) -> Figure:
    return Figure(1, "intake", measured(ours), measured(ceiling), hold=0.5, reach=0.65)


def test_a_figure_is_the_median_of_its_trials() -> None:
    assert measured(100, 900, 200).per_second == 200


def test_the_ratio_is_ours_to_the_ceiling() -> None:
    assert figure(600, 1_000).ratio == pytest.approx(0.6)


@pytest.mark.parametrize(("ours", "verdict"), [(499, "missed"), (500, "held"), (650, "reached")])
def test_a_bar_that_is_not_held_is_called_missed(ours: int, verdict: str) -> None:
    assert figure(ours, 1_000).verdict == verdict


@pytest.mark.parametrize(("mb", "verdict"), [(901, "missed"), (900, "held"), (700, "reached")])
def test_memory_is_held_from_above(mb: float, verdict: str) -> None:
    half = {"postgres": mb / 2, "kafka": mb / 2}
    assert Memory(9, "memory", half, half, hold=900, reach=700).verdict == verdict


def test_the_ceiling_is_the_best_of_its_candidates() -> None:
    assert best_of([measured(1), measured(3, name="best"), measured(2)]).name == "best"


def test_what_only_some_trials_know_is_the_median_of_those() -> None:
    trials = [Trial(1, 1.0), Trial(1, 1.0, p99_ms=5.0), Trial(1, 1.0, p99_ms=7.0)]
    assert Measured("ours", "x", trials).median_of(lambda trial: trial.p99_ms) == 6.0
    assert Measured("ours", "x", trials[:1]).median_of(lambda trial: trial.p99_ms) is None


def test_processor_time_is_the_median_by_process() -> None:
    trials = [Trial(1, 1.0, cpu_us={"API": us, "PostgreSQL": 10.0}) for us in (90.0, 100.0, 300.0)]
    assert Measured("ours", "x", trials).cpu_us == {"API": 100.0, "PostgreSQL": 10.0}


def test_the_accept_rate_leaves_the_draining_out() -> None:
    trial = Trial(1_000, 4.0, accept_seconds=1.0, drain_seconds=3.0)
    assert (trial.accepted_per_second, trial.per_second) == (1_000, 250)
