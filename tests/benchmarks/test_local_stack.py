"""The stack under a benchmark: what is kept of it when a benchmark fails."""

import shutil
from pathlib import Path

from benchmarks.local_stack import keep_logs
from deploy.local.layout import Layout


def test_the_logs_of_every_part_are_kept_apart_from_the_stack(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "stack")
    for part in ("postgres", "points", "supervisor"):
        layout.log(part).parent.mkdir(parents=True, exist_ok=True)
        layout.log(part).write_text(f"what {part} said")

    kept = keep_logs(layout)
    shutil.rmtree(layout.home)

    try:
        assert {path.name: path.read_text() for path in kept.iterdir()} == {
            "postgres.log": "what postgres said",
            "points.log": "what points said",
            "supervisor.log": "what supervisor said",
        }
    finally:
        shutil.rmtree(kept)
