"""The result as Markdown, which is also what is printed, and as JSON."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measures import Figure, Measured, Memory, Trial

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("fastapi", "uvicorn", "uvloop", "sqlalchemy", "asyncpg", "aiokafka", "pydantic")


def render(found: Sequence[Figure | Memory], settings: Mapping[str, str], *, quick: bool) -> str:
    """The whole report as Markdown."""
    figures = [f for f in found if isinstance(f, Figure)]
    memories = [m for m in found if isinstance(m, Memory)]
    parts = [
        f"# Benchmarks of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Median of the trials, after a warm-up and ANALYZE. Every ratio is to a ceiling measured "
        "in the same run, trials taking turns."
        + (" **Quick run: rough numbers, for looking whether it works.**" if quick else ""),
    ]
    if figures or memories:
        parts += [
            "## Figures",
            _table(_FIGURE_HEAD, [*map(_row, figures), *map(_memory, memories)]),
        ]
    if figures:
        parts += ["## Latency, processor time, drain", _table(_COST_HEAD, _cost_rows(figures))]
    for memory in memories:
        parts += [f"## {memory.name}", _table(("part", "PSS MB", "RSS MB"), _parts(memory))]
    parts += ["## Notes", "\n".join(f"- {note}" for note in _notes(found))]
    parts += ["## Machine and settings", "\n".join(f"- {n}: {v}" for n, v in machine().items())]
    parts.append(
        "- PostgreSQL: " + ", ".join(f"{name} {value}" for name, value in settings.items())
    )
    return "\n\n".join(parts) + "\n"


_FIGURE_HEAD = ("#", "figure", "measured", "ceiling", "ratio", "hold", "reach", "verdict")
_COST_HEAD = (
    "#",
    "measured",
    "rate",
    "accepted/s",
    "trials",
    "p50 ms",
    "p99 ms",
    "drain s",
    "CPU µs a unit",
    "generator's CPU",
)


def _row(figure: Figure) -> tuple[str, ...]:
    ours, ceiling = figure.measured, figure.ceiling
    return (
        str(figure.row),
        figure.name,
        f"{ours.per_second:,.0f} {ours.unit}",
        f"{ceiling.per_second:,.0f} {ceiling.unit} ({ceiling.name})",
        f"{figure.ratio:.2f}",
        f"≥ {figure.hold}",
        f"{figure.reach}",
        _verdict(figure.verdict),
    )


def _memory(memory: Memory) -> tuple[str, ...]:
    total = f"{memory.total_mb:,.0f} MB"
    bars = f"≤ {memory.hold:,.0f} MB", f"{memory.reach:,.0f} MB"
    return (str(memory.row), memory.name, total, "–", "–", *bars, _verdict(memory.verdict))


def _verdict(verdict: str) -> str:
    return "**MISSED**" if verdict == "missed" else verdict


def _cost_rows(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    rows, seen = [], set()
    for figure in figures:
        candidates = figure.others or (figure.ceiling,)
        named = [(figure.name, figure.measured), *((c.name, c) for c in candidates)]
        for name, measured in named:
            if name not in seen:
                rows.append((str(figure.row), *_cost(name, measured)))
                seen.add(name)
    return rows


def _cost(name: str, measured: Measured) -> tuple[str, ...]:
    cpu = ", ".join(f"{group} {us:,.0f}" for group, us in measured.cpu_us.items())
    return (
        name,
        f"{measured.per_second:,.0f}",
        _number(measured.median_of(lambda trial: trial.accepted_per_second)),
        " ".join(f"{trial.per_second:,.0f}" for trial in measured.trials),
        _number(measured.median_of(lambda trial: trial.p50_ms)),
        _number(measured.median_of(lambda trial: trial.p99_ms)),
        _number(measured.median_of(lambda trial: trial.drain_seconds)),
        cpu,
        _share(measured.median_of(_generator_share)),
    )


def _generator_share(trial: Trial) -> float | None:
    """The load generator's part of one core."""
    spent_us = trial.cpu_us.get("load generator")
    return None if spent_us is None else spent_us * 1e-6 * trial.per_second


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%} of a core"


def _parts(memory: Memory) -> list[tuple[str, ...]]:
    rows = [
        (part, f"{mb:,.0f}", f"{memory.rss_mb[part]:,.0f}") for part, mb in memory.pss_mb.items()
    ]
    return [*rows, ("all", f"{memory.total_mb:,.0f}", f"{sum(memory.rss_mb.values()):,.0f}")]


def _notes(found: Sequence[Figure | Memory]) -> list[str]:
    notes = [f"row {f.row}: {note}" for f in found for note in f.notes]
    return list(dict.fromkeys(notes)) or ["none"]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> dict[str, str]:
    """Where it was measured."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in info if "model name" in line), "?")
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20
    return {
        "processor": f"{os.cpu_count()} cores, {model}",
        "memory": f"{memory_mb:,.0f} MB",
        "system": f"{platform.system()} {platform.release()}",
        "load average at the end": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def keep(found: Sequence[Figure | Memory], text: str, folder: Path = RESULTS) -> Path:
    """Write Markdown and JSON, named by the instant; returns the Markdown's path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y-%m-%d-%H%M}.md"
    path.write_text(text)
    rows = [_as_json(f) for f in found]
    document = {"machine": machine(), "figures": rows}
    path.with_suffix(".json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return path


def _as_json(found: Figure | Memory) -> dict[str, Any]:
    if isinstance(found, Memory):
        return {**asdict(found), "total_mb": found.total_mb, "verdict": found.verdict}
    return {**asdict(found), "ratio": found.ratio, "verdict": found.verdict}
