"""The state of the stack on disk, for `make status` and for a later start to clean up after."""

import os
import threading
from typing import Any

from deploy.local.clock import now_text
from deploy.local.files import write_json
from deploy.local.layout import PARTS, Layout


class Board:
    """Written by the supervisor's threads, read by everybody."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        part = {"status": "stopped", "pid": None, "port": None, "restarts": 0, "last_end": None}
        self._state: dict[str, Any] = {
            "phase": "starting",
            "problem": None,
            "supervisor_pid": os.getpid(),
            "since": now_text(),
            "parts": {name: dict(part) for name in PARTS},
        }
        self.phase("starting")

    def phase(self, phase: str, problem: str | None = None) -> None:
        """`starting`, `ready`, `stopping`, `stopped` or `failed` with its problem."""
        with self._lock:
            self._state |= {"phase": phase, "problem": problem, "since": now_text()}
            self._write()

    def note(self, part: str, **facts: Any) -> None:
        """What is new of a part: `status`, `pid`, `port`."""
        with self._lock:
            self._state["parts"][part] |= {**facts, "since": now_text()}
            self._write()

    def ended(self, part: str, reason: str) -> None:
        """A part ended by itself and will be started again."""
        with self._lock:
            entry = self._state["parts"][part]
            entry |= {"status": "restarting", "pid": None, "last_end": reason, "since": now_text()}
            entry["restarts"] += 1
            self._write()

    def _write(self) -> None:
        # Whoever deleted the folder meant it: it is not made again while the stack goes down.
        if self._layout.lock_file.exists():
            write_json(self._layout.state_file, self._state)
