"""The whole local stack, as `make up` starts it, treated as strangers and accidents treat it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local import processes
from deploy.local.layout import PARTS, ROOT, SERVICES
from deploy.local.ports import choose_port
from deploy.local.waiting import wait_until

PATIENCE_SECONDS = 120.0


@dataclass
class LocalStack:
    """A stack of its own in a folder that goes with the test."""

    home: Path

    def call(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", *arguments],
            cwd=ROOT,
            env={**os.environ, "GALLERIA_HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def up(self) -> str:
        done = self.call("up")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prefer(self, ports: dict[str, int]) -> None:
        self.home.mkdir(exist_ok=True)
        known = self.home / "ports.json"
        kept = json.loads(known.read_text()) if known.exists() else {}
        known.write_text(json.dumps({**kept, **ports}))

    def read(self, name: str) -> Any:
        return json.loads((self.home / name).read_text())

    def part(self, name: str) -> dict[str, Any]:
        part: dict[str, Any] = self.read("state.json")["parts"][name]
        return part

    def pids(self) -> dict[str, int]:
        return {name: self.part(name)["pid"] for name in PARTS}


@pytest.fixture
def stack(engine_folder: Path) -> Iterator[LocalStack]:
    local = LocalStack(engine_folder / "home")
    # Not the ports that a stack on this machine would want, and not those of another test.
    names = (*PARTS, "kafka_controller")
    local.prefer({name: choose_port(None, name, lambda _: None) for name in names})
    yield local
    assert local.call("clean").returncode == 0


def test_the_stack_outlives_whatever_happens_to_it(stack: LocalStack) -> None:
    """One story, for each start of the whole stack takes its seconds."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = other.getsockname()[1]
        stack.prefer({"postgres": busy})
        output = stack.up()
    assert "Galleria is up" in output
    assert f"port {busy} is busy: PostgreSQL takes" in output
    told = stack.read("stack.json")
    assert set(told) == {"services", "program_id", "credentials", "databases", "kafka"}
    assert set(told["services"]) == set(told["databases"]) == set(SERVICES)
    assert told["kafka"]["bootstrap_servers"] == f"127.0.0.1:{stack.part('kafka')['port']}"
    assert "already up" in stack.up()

    before = stack.pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: _all_run_again(stack, before), PATIENCE_SECONDS), _status(stack)
    assert "died (killed by SIGKILL)" in _status(stack)
    assert stack.read("stack.json") == told

    os.kill(stack.read("state.json")["supervisor_pid"], signal.SIGKILL)
    orphans = stack.pids()
    assert stack.call("status").returncode == 1
    assert "that an earlier stack left running" in stack.call("down").stdout
    assert not any(processes.is_alive(pid) for pid in orphans.values())
    assert not (stack.home / "stack.json").exists()

    stack.up()
    assert _without_token(stack.read("stack.json")) == _without_token(told)

    # Whoever deletes the folder under a running stack is not left with its processes.
    pids = [stack.read("state.json")["supervisor_pid"], *stack.pids().values()]
    (stack.home / "supervisor.lock").unlink()
    assert wait_until(lambda: not any(map(processes.is_alive, pids)), PATIENCE_SECONDS)


def test_a_stale_data_folder_is_a_message_and_not_a_stack_trace(stack: LocalStack) -> None:
    (stack.home / "postgres" / "pgdata").mkdir(parents=True)
    (stack.home / "postgres" / "pgdata" / "PG_VERSION").write_text("15\n")
    refused = stack.call("up")
    assert refused.returncode == 1
    assert "was made by PostgreSQL 15; this stack runs 18" in refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    assert stack.call("status").returncode == 1


def _without_token(told: dict[str, Any]) -> dict[str, Any]:
    staff = {**told["credentials"]["staff"], "token": None}
    return {**told, "credentials": {**told["credentials"], "staff": staff}}


def _all_run_again(stack: LocalStack, before: dict[str, int]) -> bool:
    parts = {name: stack.part(name) for name in PARTS}
    return all(
        part["status"] == "running" and part["pid"] != before[name] for name, part in parts.items()
    )


def _status(stack: LocalStack) -> str:
    return stack.call("status").stdout
