"""What the local stack keeps between two starts: secrets, ports, and the parts' state."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deploy.local.files import read_json, write_json
from deploy.local.layout import PREFERRED_PORTS, SERVICES, Layout
from deploy.local.problem import StackProblem


def read_secrets(layout: Layout) -> dict[str, Any]:
    """`deployment_key` and `database_passwords.<service>`, made at random when first needed."""
    kept = read_json(layout.secrets_file)
    passwords = {name: secrets.token_urlsafe(24) for name in SERVICES}
    whole = {"deployment_key": secrets.token_urlsafe(48), **kept}
    whole["database_passwords"] = passwords | kept.get("database_passwords", {})
    if whole != kept:
        write_json(layout.secrets_file, whole)
    return whole


def read_ports(layout: Layout) -> dict[str, int]:
    """The ports to prefer, by part: those of the last start."""
    return {**PREFERRED_PORTS, **read_json(layout.ports_file)}


def read_state(layout: Layout) -> dict[str, Any]:
    """`phase`, `problem`, `supervisor_pid`, and `parts.<name>`: `status`, `pid`, `port`, …"""
    return read_json(layout.state_file)


@contextmanager
def only_supervisor(layout: Layout) -> Iterator[None]:
    """Held while the supervisor lives; the system releases it however that ends."""
    layout.home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(layout.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StackProblem("another supervisor runs this stack already") from error
    try:
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def is_supervised(layout: Layout) -> bool:
    """Whether a supervisor runs now."""
    try:
        descriptor = os.open(layout.lock_file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def supervisor_pid(layout: Layout) -> int | None:
    """The process that holds the lock, if one does."""
    if not is_supervised(layout):
        return None
    return int(layout.lock_file.read_text() or 0) or None


def is_ready(layout: Layout) -> bool:
    """Whether the supervisor that runs now says that all parts are ready."""
    state = read_state(layout)
    return state.get("phase") == "ready" and state["supervisor_pid"] == supervisor_pid(layout)
