"""What a figure is: trials, their median, a ceiling, and the bar that the ratio has to hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Trial:
    """One trial: `units` of work took `seconds`. CPU in microseconds a unit, by process group.

    Where accepting is not the end of it, `seconds` is the sum of accepting and draining.
    """

    units: int
    seconds: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    accept_seconds: float | None = None
    drain_seconds: float | None = None
    cpu_us: Mapping[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Units a second."""
        return self.units / self.seconds

    @property
    def accepted_per_second(self) -> float | None:
        """Units a second while they were being accepted."""
        return None if self.accept_seconds is None else self.units / self.accept_seconds


@dataclass(frozen=True)
class Measured:
    """The median of several trials of the same thing."""

    name: str
    unit: str
    trials: Sequence[Trial]

    @property
    def per_second(self) -> float:
        """The median rate."""
        return median(trial.per_second for trial in self.trials)

    def median_of(self, read: Callable[[Trial], float | None]) -> float | None:
        """The median of something that trials may not have."""
        values = [value for value in map(read, self.trials) if value is not None]
        return median(values) if values else None

    @property
    def cpu_us(self) -> dict[str, float]:
        """Median CPU microseconds a unit, by process group."""
        groups = {group for trial in self.trials for group in trial.cpu_us}
        return {g: median(t.cpu_us.get(g, 0.0) for t in self.trials) for g in sorted(groups)}


@dataclass(frozen=True)
class Figure:
    """A row of the table: what was measured, beside its ceiling. `hold` and `reach` are ratios."""

    row: int
    name: str
    measured: Measured
    ceiling: Measured
    hold: float
    reach: float
    notes: Sequence[str] = ()
    others: Sequence[Measured] = ()

    @property
    def ratio(self) -> float:
        """How much of the ceiling is reached."""
        return self.measured.per_second / self.ceiling.per_second

    @property
    def verdict(self) -> str:
        """missed, held or reached."""
        if self.ratio < self.hold:
            return "missed"
        return "reached" if self.ratio >= self.reach else "held"


@dataclass(frozen=True)
class Memory:
    """A row about memory: megabytes by part, `hold` and `reach` are upper bounds."""

    row: int
    name: str
    pss_mb: Mapping[str, float]
    rss_mb: Mapping[str, float]
    hold: float
    reach: float
    notes: Sequence[str] = ()

    @property
    def total_mb(self) -> float:
        """Proportional set sizes added up: pages that processes share count once."""
        return sum(self.pss_mb.values())

    @property
    def verdict(self) -> str:
        """missed, held or reached."""
        if self.total_mb > self.hold:
            return "missed"
        return "reached" if self.total_mb <= self.reach else "held"


def best_of(candidates: Sequence[Measured]) -> Measured:
    """The fastest."""
    return max(candidates, key=lambda candidate: candidate.per_second)
