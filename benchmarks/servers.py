"""Starting what is measured, and playing requests at it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

from benchmarks.cpu import CpuMeter
from benchmarks.load import write_requests
from benchmarks.measures import Trial
from deploy.local import processes
from deploy.local.parts import answers
from deploy.local.ports import choose_port
from deploy.local.waiting import wait_until

ROOT = Path(__file__).parents[1]
READY_SECONDS_MAX = 60.0


@dataclass(frozen=True)
class Server:
    """A process that answers on a port."""

    pid: int
    port: int


@contextmanager
def open_server(
    arguments: Sequence[str], port: int, environment: Mapping[str, str], log: Path, ready: str
) -> Iterator[Server]:
    """Run `python -m …` until the block ends; it is ready when a GET of `ready` says 200."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(
            lambda: process.poll() is not None or answers(port, ready), READY_SECONDS_MAX, 0.1
        )
        if process.poll() is not None or not answers(port, ready):
            raise RuntimeError(f"{arguments} did not start:\n{log.read_text()[-3000:]}")
        yield Server(process.pid, port)
    finally:
        processes.end(process.pid, ((SIGTERM, 15.0), (SIGKILL, 5.0)))
        process.wait(10)


def free_port() -> int:
    """A port that nobody uses."""
    return choose_port(None, "a benchmark", print, set())


def play(
    folder: Path,
    servers: Sequence[Server],
    requests: Sequence[bytes],
    connections: int,
    *,
    status: int,
    units_each: int = 1,
    mark: str = "",
    meter_groups: Mapping[str, Sequence[int]],
) -> Trial:
    """Play the requests over `connections`, spread over the servers, by the load generator.

    A request carries `units_each` units; with a `mark`, each answer has it that often.
    """
    path = folder / "requests.bin"
    write_requests(path, requests)
    spec = {
        "ports": [server.port for server in servers],
        "connections": connections,
        "requests": str(path),
        "status": status,
        "mark": mark,
        "marks": units_each,
    }
    seen, used = _generate(spec, meter_groups)
    if seen["requests"] != len(requests):
        raise RuntimeError(f"{len(requests)} requests got {seen['requests']} answers")
    units = len(requests) * units_each
    used["load generator"] = seen["cpu_seconds"]
    return Trial(
        units,
        seen["seconds"],
        seen["p50_ms"],
        seen["p99_ms"],
        cpu_us={name: seconds / units * 1e6 for name, seconds in used.items()},
    )


def _generate(
    spec: Mapping[str, Any], meter_groups: Mapping[str, Sequence[int]]
) -> tuple[dict[str, Any], dict[str, float]]:
    """What the load generator saw, and the processor seconds of each group meanwhile."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load", json.dumps(spec)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as generator:
        assert generator.stdin is not None
        assert generator.stdout is not None
        if generator.stdout.readline() != "ready\n":
            raise RuntimeError("the load generator did not start")
        meter = CpuMeter(meter_groups)
        print("go", file=generator.stdin, flush=True)
        line = generator.stdout.readline()
        used = meter.used_seconds()
    if not line:
        raise RuntimeError("the load generator failed; its error stands above")
    return json.loads(line), used
