"""How each part of the local stack is started: two engines and the services."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.layout import ROOT, Layout
from deploy.local.problem import StackProblem
from deploy.local.waiting import wait_until

ROLES = ("api", "consumer", "relay", "jobs")
READY_SECONDS_MAX = 90.0
TOOL_SECONDS_MAX = 300.0
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


def run_tool(
    module: str,
    *arguments: str,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
) -> list[str]:
    """Run `python -m module` to its end and return the lines that it printed.

    Raises StackProblem, with the end of its output, if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TOOL_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()[-15:]
        raise StackProblem(f"`python -m {module}` failed:\n" + "\n".join(lines))
    return done.stdout.splitlines()


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
