"""The stack of `make up`, in a folder of its own, for figures about the whole of it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.engines import run_sql
from benchmarks.run import Run
from benchmarks.servers import ROOT
from deploy.local.files import read_json
from deploy.local.keep import read_state, supervisor_pid
from deploy.local.layout import PARTS, Layout
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import SUPERUSER

START_SECONDS_MAX = 300.0


@dataclass(frozen=True)
class Stack:
    """What `stack.json` tells, the process of each part, and that of who watches over them."""

    told: dict[str, Any]
    pids: dict[str, int]
    supervisor_pid: int
    postgres_url: str

    def url(self, service: str) -> str:
        """Of the service's API."""
        return str(self.told["services"][service]["url"])

    @property
    def staff_token(self) -> str:
        """Of the stack's administrator."""
        return str(self.told["credentials"]["staff"]["token"])

    def settle(self) -> None:
        """As `Engines.settle`, and with statistics of what is there by now."""
        for url in self.told["databases"].values():
            run_sql(url, "ANALYZE")
        run_sql(self.postgres_url, "CHECKPOINT")


@contextmanager
def open_stack(run: Run) -> Iterator[Stack]:
    """Start it with new data; it is stopped at the end. Logs of one that failed are kept."""
    layout = Layout(run.engines.folder / "stack")
    layout.home.mkdir()
    layout.home.chmod(0o711)  # PostgreSQL's account passes through.
    _command(layout, "up")
    try:
        parts = read_state(layout)["parts"]
        pids = {name: int(part["pid"]) for name, part in parts.items()}
        supervisor = supervisor_pid(layout)
        assert supervisor is not None
        told = read_json(layout.stack_file)
        yield Stack(told, pids, supervisor, _postgres_url(layout, told))
    except BaseException:
        run.say(f"the stack's logs are kept in {keep_logs(layout)}")
        raise
    finally:
        _command(layout, "clean")
        layout.home.rename(layout.home.with_name(f"stack-{os.getpid()}-{id(layout)}"))


def _postgres_url(layout: Layout, told: dict[str, Any]) -> str:
    """Of the superuser: services may not ask for checkpoints."""
    password = (layout.data("postgres") / "password").read_text()
    port = urlsplit(next(iter(told["databases"].values()))).port
    return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{port}/postgres"


def keep_logs(layout: Layout) -> Path:
    """Copy what every part logged to a temporary folder that outlives the run, a file each."""
    folder = Path(tempfile.mkdtemp(prefix="galleria-logs-"))
    for part in (*PARTS, "supervisor"):
        if layout.log(part).exists():
            shutil.copyfile(layout.log(part), folder / f"{part}.log")
    return folder


def _command(layout: Layout, word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local", word],
        cwd=ROOT,
        env={**os.environ, "GALLERIA_HOME": str(layout.home)},
        capture_output=True,
        text=True,
        timeout=START_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"`deploy.local {word}` failed:\n{done.stdout}{done.stderr}")
