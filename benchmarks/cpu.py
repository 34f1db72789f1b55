"""Processor time by process, from /proc: the number that a noisy neighbour spoils least."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
Family = Sequence[int]


def cpu_seconds(pid: int) -> float:
    """User and system time of the process, of its running children and of those that ended."""
    own = _ticks(pid, ended_children=True)
    return (own + sum(_ticks(child, ended_children=True) for child in children_of(pid))) * (
        _TICK_SECONDS
    )


def children_of(pid: int) -> list[int]:
    """Running direct children. PostgreSQL's server processes are those of the postmaster."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def _ticks(pid: int, *, ended_children: bool) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # Ended meanwhile; the parent's own count has it from now on.
    user, system, ended_user, ended_system = (int(field) for field in fields[11:15])
    return user + system + (ended_user + ended_system if ended_children else 0)


class CpuMeter:
    """What named groups of processes used since the meter was made."""

    def __init__(self, groups: Mapping[str, Family]) -> None:
        self._groups = groups
        self._start = self._read()

    def _read(self) -> dict[str, float]:
        return {name: sum(map(cpu_seconds, pids)) for name, pids in self._groups.items()}

    def used_seconds(self) -> dict[str, float]:
        """CPU seconds by group, so far."""
        now = self._read()
        return {name: now[name] - self._start[name] for name in now}
