"""The load generator, a process of its own: plays ready-made HTTP requests and times the answers.

    python -m benchmarks.load '{"ports": [8002], "connections": 32, "requests": "file",
                                "status": 201, "mark": "", "marks": 0}'

It says `ready`, waits for a line, plays the file's requests once over kept-alive connections, the
next as soon as an answer is complete, and prints one line of JSON. Every answer must have the
status, and the mark as often as said.
"""

import asyncio
import json
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import uvloop

_SIZE = struct.Struct("<I")


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """A file of requests as `play` reads it."""
    with path.open("wb") as file:
        for request in requests:
            file.write(_SIZE.pack(len(request)))
            file.write(request)


def read_requests(path: Path) -> list[bytes]:
    """All requests of the file."""
    raw = path.read_bytes()
    found, place = [], 0
    while place < len(raw):
        (size,) = _SIZE.unpack_from(raw, place)
        place += _SIZE.size
        found.append(raw[place : place + size])
        place += size
    return found


class Player:
    """The requests still to be sent, and what was seen so far."""

    def __init__(self, requests: list[bytes], status: int, mark: str, marks: int) -> None:
        self.requests: Iterator[bytes] = iter(requests)
        self.status_line = f"HTTP/1.1 {status} ".encode()
        self.mark, self.marks = mark.encode(), marks
        self.waits_ns: list[int] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def check(self, answer: bytes) -> None:
        """Remember the first answer that is not as it should be."""
        right = answer.startswith(self.status_line) and (
            not self.mark or answer.count(self.mark) == self.marks
        )
        if not right and not self.failed.done():
            self.failed.set_exception(RuntimeError(f"unexpected answer: {answer[:600]!r}"))


class Connection(asyncio.Protocol):
    """One kept-alive connection; `done` is set when there is nothing left to send."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._answer = b""
        self._size_wanted = 0
        self._sent_ns = 0
        self._transport: Any = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait to be told to start."""
        self._transport = transport

    def send_next(self) -> None:
        """Send one, or be done."""
        request = next(self._player.requests, None)
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            return
        self._answer, self._size_wanted = b"", 0
        self._sent_ns = time.perf_counter_ns()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole."""
        self._answer += data
        if not self._size_wanted:
            head_end = self._answer.find(b"\r\n\r\n")
            if head_end < 0:
                return
            head = self._answer[:head_end].lower()
            _, _, rest = head.partition(b"content-length:")
            self._size_wanted = head_end + 4 + int(rest.split(b"\r\n", 1)[0])
        if len(self._answer) >= self._size_wanted:
            self._player.waits_ns.append(time.perf_counter_ns() - self._sent_ns)
            self._player.check(self._answer)
            self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        """A server must not hang up in the middle of a trial."""
        if not self.done.done() and not self._player.failed.done():
            self._player.failed.set_exception(RuntimeError(f"connection lost: {exc!r}"))


async def play(spec: dict[str, Any]) -> dict[str, Any]:
    """Play the spec's requests; returns seconds, CPU seconds, and percentiles in milliseconds."""
    loop = asyncio.get_running_loop()
    requests = read_requests(Path(spec["requests"]))
    player = Player(requests, spec["status"], spec["mark"], spec["marks"])
    connections = []
    for number in range(spec["connections"]):
        port = spec["ports"][number % len(spec["ports"])]
        _, connection = await loop.create_connection(lambda: Connection(player), "127.0.0.1", port)
        connections.append(connection)
    print("ready", flush=True)
    sys.stdin.readline()
    cpu_start, start = time.process_time(), time.perf_counter()
    for connection in connections:
        connection.send_next()
    for connection in connections:
        await asyncio.wait((connection.done, player.failed), return_when=asyncio.FIRST_COMPLETED)
    seconds, cpu_used = time.perf_counter() - start, time.process_time() - cpu_start
    if player.failed.done():
        player.failed.result()
    waits = sorted(player.waits_ns)
    return {
        "requests": len(waits),
        "seconds": seconds,
        "cpu_seconds": cpu_used,
        "p50_ms": waits[len(waits) // 2] / 1e6,
        "p99_ms": waits[min(len(waits) - 1, len(waits) * 99 // 100)] / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(play(json.loads(sys.argv[1])))), flush=True)
