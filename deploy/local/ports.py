"""Choosing TCP ports on the loopback address."""

import random
import socket
from collections.abc import Callable, Collection

from deploy.local.problem import StackProblem

LOOPBACK = "127.0.0.1"
# Below the range from which Linux and macOS take the ports of outgoing connections: a server that
# was killed must find its port free again.
RANDOM_PORTS = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def accepts(port: int, timeout_seconds: float = 1.0) -> bool:
    """Whether somebody answers a TCP connection to this port of 127.0.0.1."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=timeout_seconds):
            return True
    except OSError:
        return False


def choose_port(
    preferred: int | None,
    what: str,
    say: Callable[[str], None],
    taken: Collection[int] = (),
) -> int:
    """The preferred port, or the next free one above it (said aloud); any free one for None."""
    if preferred is None:
        candidates = random.sample(RANDOM_PORTS, 200)
    else:
        candidates = list(range(preferred, min(preferred + 200, 65_536)))
    for port in candidates:
        if port not in taken and is_free(port):
            if preferred not in (None, port):
                say(f"port {preferred} is busy: {what} takes {port} instead")
            return port
    raise StackProblem(f"no free TCP port for {what} among {candidates[0]} and the next 200")
