"""Looking at and ending operating-system processes, ours and those a killed stack left behind."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.waiting import wait_until


def command_line(pid: int) -> str:
    """The arguments of a running process joined by blanks; empty if there is no such process."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie, which only waits for its parent to ask, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def end(pid: int, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn and wait its seconds for the process to go; whether it went."""
    for number, patience_seconds in signals:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if wait_until(lambda: not is_alive(pid), patience_seconds, 0.02):
            return True
    return not is_alive(pid)


def _is_zombie(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        shown = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return shown.stdout.strip().startswith("Z")
    return status.rpartition(")")[2].split()[0] == "Z"
