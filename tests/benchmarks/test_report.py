"""The printed and the kept result."""

import json
from pathlib import Path

from benchmarks.measures import Figure, Measured, Memory, Trial
from benchmarks.report import keep, render

TRIAL = Trial(40_000, 10.0, p50_ms=80.0, p99_ms=120.0, cpu_us={"API": 95.0, "load generator": 2.0})
CEILING = Measured("hand-written SQL, 2 connections", "receipts/s", [Trial(100_000, 10.0)])
FIGURE = Figure(
    1,
    "POS batch intake, 1 API process",
    Measured("4 requests in flight", "receipts/s", [TRIAL]),
    CEILING,
    hold=0.5,
    reach=0.65,
    notes=("answered after COMMIT",),
)
MEMORY = Memory(
    9, "Memory of the local stack, idle", {"kafka": 160.0}, {"kafka": 170.0}, hold=900, reach=700
)
SETTINGS = {"fsync": "on"}


def test_a_missed_bar_stands_in_the_table() -> None:
    text = render([FIGURE], SETTINGS, quick=False)
    assert "| 4,000 receipts/s | 10,000 receipts/s (hand-written SQL, 2 connections) |" in text
    assert "| 0.40 | ≥ 0.5 | 0.65 | **MISSED** |" in text


def test_latency_processor_time_and_the_generators_share_are_told() -> None:
    text = render([FIGURE], SETTINGS, quick=False)
    assert "| 80.0 | 120.0 |" in text
    assert "API 95, load generator 2" in text
    assert "| 0.8% of a core |" in text  # 2 microseconds for each of 4,000 receipts a second


def test_settings_machine_and_notes_are_told() -> None:
    text = render([FIGURE, MEMORY], SETTINGS, quick=True)
    for expected in ("fsync on", "processor: ", "row 1: answered after COMMIT", "Quick run"):
        assert expected in text
    assert "| kafka | 160 | 170 |" in text


def test_the_kept_result_is_the_printed_one_and_its_numbers(tmp_path: Path) -> None:
    text = render([FIGURE, MEMORY], SETTINGS, quick=False)
    path = keep([FIGURE, MEMORY], text, tmp_path)
    assert path.read_text() == text
    kept = json.loads(path.with_suffix(".json").read_text())["figures"]
    assert [(f["row"], f["verdict"]) for f in kept] == [(1, "missed"), (9, "reached")]
    assert kept[0]["ratio"] == 0.4
    assert kept[0]["measured"]["trials"][0]["p99_ms"] == 120.0
