"""`up`, `down`, `status`, `logs`, `clean`: what a person at the terminal asks of the stack."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGKILL, SIGTERM

from deploy.local import processes
from deploy.local.files import read_json
from deploy.local.keep import is_ready, is_supervised, read_state, supervisor_pid
from deploy.local.layout import PARTS, ROOT, Layout
from deploy.local.parts import rotate, tail
from deploy.local.problem import StackProblem
from deploy.local.run import stop_leftovers
from deploy.local.table import render_stack, render_state
from deploy.local.waiting import wait_until

DOWN_SECONDS_MAX = 120.0
LAUNCH_SECONDS_MAX = 60.0
FOLLOW_SECONDS = 0.2


def up(layout: Layout) -> None:
    """Start the stack if it is not running, show its progress, and print the table when ready."""
    began = time.monotonic()
    _check_access(layout)
    if is_supervised(layout) and read_state(layout).get("phase") == "stopping":
        print("The stack is still stopping; waiting for that.")
        wait_until(lambda: not is_supervised(layout), DOWN_SECONDS_MAX, 0.1)
    log_path = layout.log("supervisor")
    already = is_ready(layout)
    start = log_path.stat().st_size if is_supervised(layout) else _launch_supervisor(layout)
    _follow_until_settled(layout, log_path, start)
    if not is_ready(layout):
        problem = read_state(layout).get("problem") or f"It stopped; see {log_path}"
        raise StackProblem(f"The stack could not be started.\n{problem}")
    seconds = time.monotonic() - began
    print(
        "\nGalleria was already up.\n" if already else f"\nGalleria is up after {seconds:.1f} s.\n"
    )
    print(render_stack(read_json(layout.stack_file), layout))


def down(layout: Layout) -> None:
    """Stop everything in good order; data stays."""
    _check_access(layout)
    pid = supervisor_pid(layout)
    if pid is not None:
        log_path = layout.log("supervisor")
        start = log_path.stat().st_size
        processes.end(pid, ((SIGTERM, 0.0),))
        if not wait_until(lambda: not is_supervised(layout), DOWN_SECONDS_MAX, 0.1):
            print("the supervisor does not answer: ending it by force")
            processes.end(pid, ((SIGKILL, 10.0),))
        print(tail(log_path, start, lines=50))
    stop_leftovers(layout)
    layout.stack_file.unlink(missing_ok=True)
    print("Galleria is down; its data is kept.")


def status(layout: Layout) -> int:
    """Print each part; 0 if all run, 1 if not."""
    state = read_state(layout)
    if not state:
        print("Galleria has not been started here: run `make up`.")
        return 1
    supervised = is_supervised(layout)
    print(render_state(state))
    if supervised:
        print(f"\nThe stack is {state['phase']}.")
    elif state["phase"] in ("stopped", "failed"):
        print(f"\nThe stack is down. {state['problem'] or ''}".rstrip())
    else:
        print("\nThe supervisor was killed; its parts may still run. `make up` takes over.")
    running = all(part["status"] == "running" for part in state["parts"].values())
    return 0 if supervised and state["phase"] == "ready" and running else 1


def logs(layout: Layout, parts: list[str], lines: int) -> None:
    """Print the end of the logs of these parts, or of all and the supervisor."""
    for part in parts or ["supervisor", *PARTS]:
        if part not in ("supervisor", *PARTS):
            raise StackProblem(f"there is no part {part!r}: {', '.join(('supervisor', *PARTS))}")
        path = layout.log(part)
        if path.exists():
            print(f"==> {path}\n{tail(path, lines=lines)}\n")


def clean(layout: Layout) -> None:
    """Stop everything and delete its data; downloads are kept."""
    if layout.home.exists():
        down(layout)
    for path in (layout.data("postgres"), layout.data("kafka"), layout.home / "logs"):
        shutil.rmtree(path.resolve(), ignore_errors=True)
        if path.is_symlink():
            path.unlink()
    for path in (layout.state_file, layout.secrets_file, layout.ports_file, layout.stack_file):
        path.unlink(missing_ok=True)
    print("Galleria's local data is gone.")


def _check_access(layout: Layout) -> None:
    if layout.home.exists() and not os.access(layout.home, os.R_OK | os.W_OK | os.X_OK):
        raise StackProblem(
            f"{layout.home} belongs to another account, which started the stack before: run this "
            "as that account, or let it run `make clean` and delete the folder."
        )


def _launch_supervisor(layout: Layout) -> int:
    log_path = layout.log("supervisor")
    rotate(log_path)
    layout.stack_file.unlink(missing_ok=True)
    with log_path.open("ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.run"],
            cwd=ROOT,
            env={**os.environ, "GALLERIA_HOME": str(layout.home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def settled() -> bool:
        return is_supervised(layout) or process.poll() is not None

    # It may be another one that holds the lock, of an `up` at the same moment: as good as ours.
    if not wait_until(settled, LAUNCH_SECONDS_MAX) or not is_supervised(layout):
        raise StackProblem(f"The supervisor did not start:\n{tail(log_path, start)}")
    return start


def _follow_until_settled(layout: Layout, log_path: Path, start: int) -> None:
    """Print what the supervisor says until it is ready or gone."""
    with log_path.open() as log:
        log.seek(start)
        while True:
            settled = is_ready(layout) or not is_supervised(layout)
            for line in log:
                print(line.rstrip().partition(" ")[2], flush=True)
            if settled:
                return
            time.sleep(FOLLOW_SECONDS)
