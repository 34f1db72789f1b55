"""The supervisor's process: `python -m deploy.local.run`, started and watched by `up`."""

import signal
import sys
import time
import traceback

from deploy.local import kafka, postgres, processes
from deploy.local.clock import now_text
from deploy.local.finish import finish, renew_token
from deploy.local.keep import only_supervisor, read_state
from deploy.local.layout import SERVICES, Layout, default_layout
from deploy.local.problem import StackProblem
from deploy.local.supervisor import SERVICE_STOP_SIGNALS, Supervisor

HOME_CHECK_SECONDS = 2.0
TOKEN_CHECK_SECONDS = 1800.0


def main() -> int:
    """Run the stack until SIGTERM; exit code 1 if it could not be started."""
    layout = default_layout()
    with only_supervisor(layout):
        stop_leftovers(layout)
        supervisor = Supervisor(layout, _say)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stopping.set())
        problem = _start(supervisor)
        if problem is None:
            _wait(supervisor)
            supervisor.board.phase("stopping")
        supervisor.stop()
        supervisor.board.phase("failed" if problem else "stopped", problem)
        _say("the stack is down")
    return 1 if problem else 0


def stop_leftovers(layout: Layout) -> None:
    """End what a killed supervisor left running: services, then Kafka, then PostgreSQL."""
    parts = read_state(layout).get("parts", {})
    for name in SERVICES:
        pid = parts.get(name, {}).get("pid")
        if pid and f"services.{name} " in processes.command_line(pid):
            _say(f"stopping the {name} (process {pid}) that an earlier stack left running")
            processes.end(pid, SERVICE_STOP_SIGNALS)
    kafka.stop_leftover(layout.data("kafka"), _say)
    postgres.stop_leftover(layout.data("postgres").resolve() / "pgdata", _say)


def _start(supervisor: Supervisor) -> str | None:
    """None, or in words why the stack could not be started."""
    try:
        supervisor.start()
        if not supervisor.stopping.is_set():
            finish(supervisor)
            supervisor.board.phase("ready")
    except StackProblem as problem:
        return str(problem)
    except Exception:
        return f"This is a defect of the stack itself:\n{traceback.format_exc()}"
    return None


def _wait(supervisor: Supervisor) -> None:
    """Until somebody says stop, or the stack's folder is gone and there is nothing to serve."""
    renewed = time.monotonic()
    while not supervisor.stopping.wait(HOME_CHECK_SECONDS):
        if not supervisor.layout.lock_file.exists():
            _say(f"{supervisor.layout.home} was deleted")
            return
        if time.monotonic() - renewed > TOKEN_CHECK_SECONDS:
            _renew(supervisor)
            renewed = time.monotonic()


def _renew(supervisor: Supervisor) -> None:
    try:
        renew_token(supervisor)
    except StackProblem as problem:
        _say(f"the staff token could not be renewed: {problem}")


def _say(line: str) -> None:
    print(f"{now_text()} {line}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackProblem as refused:
        _say(str(refused))
        sys.exit(1)
