"""The process that owns the test run's engines: `python -m tests.support.engine_host FOLDER`.

It starts PostgreSQL and Kafka when they are first asked for, one of each for all workers of a run.
It lives as long as its standard input is open, which the test run holds: however the run ends, by
kill -9 too, the engines end with it and their folder is removed.
"""

import json
import shutil
import signal
import socketserver
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from deploy.local.problem import StackProblem

SOCKET_NAME = "engines.sock"
# Nothing in the shared server outlives the run, so a power cut has nothing to spoil. Tests that
# kill a server start one of their own, with the settings of production.
FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

Started = tuple[str, Callable[[], None]]  # its address, and what ends it
quiet = partial(print, file=sys.stderr)


def _start_postgres(folder: Path) -> Started:
    # Imported when wanted: a run of pure rules asks for no engine and should not pay for them.
    from deploy.local.postgres import start_postgres

    server = start_postgres(folder / "postgres", settings=FAST_SETTINGS, say=quiet)
    return server.url, server.kill


def _start_kafka(folder: Path) -> Started:
    from deploy.local.kafka import start_kafka

    server = start_kafka(folder / "kafka", say=quiet)
    return server.bootstrap_servers, server.kill


class EngineHost:
    """The engines of one run, each started once, whoever asks first."""

    def __init__(self, folder: Path) -> None:
        self._start: dict[str, Callable[[], Started]] = {
            "postgres": partial(_start_postgres, folder),
            "kafka": partial(_start_kafka, folder),
        }
        self._locks = {name: threading.Lock() for name in self._start}
        self._running: dict[str, Started] = {}
        self._closing = False

    def address(self, name: str) -> str:
        """The URL or the bootstrap servers of a running engine."""
        with self._locks[name]:
            if self._closing:
                raise StackProblem("the test run is over")
            if name not in self._running:
                self._running[name] = self._start[name]()
            return self._running[name][0]

    def close(self) -> None:
        """Kill what runs: nobody needs the data any more."""
        self._closing = True
        for name, lock in self._locks.items():
            with lock:
                if name in self._running:
                    self._running.pop(name)[1]()


def serve(folder: Path) -> None:
    """Answer one request per connection (a line with the engine's name) until stdin ends."""
    host = EngineHost(folder)

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            name = self.rfile.readline().decode().strip()
            try:
                answer = {"address": host.address(name)}
            except StackProblem as problem:
                answer = {"problem": str(problem)}
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    class Listener(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    with Listener(str(folder / SOCKET_NAME), Answer) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        sys.stdin.buffer.read()
        host.close()
        listener.shutdown()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the run, whose end we see.
    run_folder = Path(sys.argv[1])
    try:
        serve(run_folder)
    finally:
        shutil.rmtree(run_folder, ignore_errors=True)
