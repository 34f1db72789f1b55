"""`make up` and `make demo`, as a stranger runs them: a month of fifty households, twice."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.layout import PARTS, ROOT
from deploy.local.ports import choose_port

SECONDS_MAX = 300  # a limit for what hangs, not a measure


class Home:
    """A stack in a folder of its own, on ports that nobody else wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        names = (*PARTS, "kafka_controller")
        ports = {name: choose_port(None, name, lambda _: None) for name in names}
        (folder / "ports.json").write_text(json.dumps(ports))

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """`python -m command`."""
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, "GALLERIA_HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )

    def demo(self, *arguments: str) -> str:
        """What `python -m demo` prints; it must be content."""
        done = self.run("demo", "--month", "3", "--members", "50", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def home(engine_folder: Path) -> Iterator[Home]:
    own = Home(engine_folder / "home")
    up = own.run("deploy.local", "up")
    assert up.returncode == 0, up.stdout + up.stderr
    yield own
    assert own.run("deploy.local", "clean").returncode == 0


def test_a_month_goes_through_all_services_and_a_second_replay_changes_nothing(home: Home) -> None:
    first = home.demo()
    assert "271 in the data: 271 accepted" in first
    assert "12 in the data: 12 accepted" in first
    assert "Every receipt is accounted for and every invariant holds." in first
    for service in ("membership", "points", "campaigns", "notifications"):
        assert re.search(rf"invariants of {service} +(\d+) of \1 hold", first)
        assert re.search(rf"^\d{{4}}-\d\d-\d\d \d\d:\d\d  {service} ", first, re.MULTILINE)

    # At another speed, so in other batches: the same totals, for nothing is counted twice.
    second = home.demo("--speed", "2000000")
    assert "271 in the data: 271 duplicate" in second
    assert "nothing has changed" in second
    assert _digest(second) == _digest(first)


def _digest(output: str) -> str:
    found = re.search(r"digest of all totals +([0-9a-f]{16})", output)
    assert found is not None
    return found[1]
