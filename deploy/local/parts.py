"""How each part of the local stack is started: two engines and the services."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.layout import ROOT, Layout
from deploy.local.problem import StackProblem
from deploy.local.waiting import wait_until

ROLES = ("api", "consumer", "relay", "jobs")
READY_SECONDS_MAX = 90.0
LOG_BYTES_MAX = 20_000_000
# Straight to the loopback address: a proxy in the environment is for the world outside.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


@dataclass(frozen=True)
class Running:
    """A part that answers."""

    process: "subprocess.Popen[bytes]" = field(repr=False)
    port: int


def start_service(name: str, environment: dict[str, str], port: int, layout: Layout) -> Running:
    """Start one service with all its roles in one process; returns when it is ready."""
    log_path = layout.log(name)
    rotate(log_path)
    with log_path.open("ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{name}", *ROLES],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    settled = wait_until(
        lambda: process.poll() is not None or answers(port, "/health/ready"), READY_SECONDS_MAX, 0.1
    )
    if settled and process.poll() is None:
        return Running(process, port)
    process.kill()
    process.wait()
    how = "ended while starting" if settled else f"was not ready after {READY_SECONDS_MAX:.0f} s"
    raise StackProblem(f"{name} {how}; the end of {log_path}:\n{tail(log_path, start)}")


def answers(port: int, path: str) -> bool:
    """Whether a GET of this path on 127.0.0.1 is answered with success."""
    try:
        with _open(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def run_tool(module: str, *arguments: str, stdin: str = "", say: Callable[[str], None]) -> None:
    """Run `python -m module` to its end, saying its lines. Raises StackProblem if it fails."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin as given:
        given.write(stdin)
        given.close()
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            say(line.rstrip())
    if process.returncode != 0:
        raise StackProblem(f"`python -m {module}` failed:\n" + "\n".join(lines[-15:]))


def rotate(log_path: Path) -> None:
    """Begin a new log file when the old one has grown large; one old one is kept."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    if log_path.exists() and log_path.stat().st_size > LOG_BYTES_MAX:
        log_path.replace(log_path.with_suffix(".log.1"))


def tail(log_path: Path, start: int = 0, lines: int = 15) -> str:
    """The last lines of what was written since `start` (bytes)."""
    with log_path.open("rb") as log:
        log.seek(start)
        text = log.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])
