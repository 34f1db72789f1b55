"""The load generator, against a server that answers as it is told."""

import json
import socketserver
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.load import read_requests, write_requests
from benchmarks.servers import Server, play
from benchmarks.town import http_request

ANSWER = b"HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n"


class Counting(socketserver.StreamRequestHandler):
    """Answers each GET on a connection, split in two as networks do."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            if line == b"\r\n":
                self.wfile.write(ANSWER + b"good")
                self.wfile.flush()
                self.wfile.write(b" good")


@pytest.fixture
def server() -> Iterator[Server]:
    """Its port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Counting) as opened:
        opened.daemon_threads = True
        thread = Thread(target=opened.serve_forever)
        thread.start()
        yield Server(0, opened.server_address[1])
        opened.shutdown()
        thread.join()


def test_requests_come_back_from_their_file(tmp_path: Path) -> None:
    requests = [b"one", b"", b"three" * 1_000]
    write_requests(tmp_path / "requests", requests)
    assert read_requests(tmp_path / "requests") == requests


def test_every_request_is_answered_once_and_timed(server: Server, tmp_path: Path) -> None:
    requests = [http_request("GET", "/", {})] * 50
    trial = play(
        tmp_path, [server], requests, 4, status=201, units_each=2, mark="good", meter_groups={}
    )
    assert trial.units == 100
    assert trial.p50_ms is not None
    assert trial.p99_ms is not None
    assert 0 < trial.p50_ms <= trial.p99_ms
    assert trial.cpu_us["load generator"] > 0


def test_an_answer_that_is_not_as_it_should_be_ends_the_run(server: Server, tmp_path: Path) -> None:
    requests = [http_request("GET", "/", {})] * 3
    with pytest.raises(RuntimeError, match="load generator failed"):
        play(tmp_path, [server], requests, 1, status=200, meter_groups={})


def test_an_unexpected_answer_is_shown(server: Server, tmp_path: Path) -> None:
    write_requests(tmp_path / "requests", [http_request("GET", "/", {})])
    spec = {"ports": [server.port], "connections": 1, "requests": str(tmp_path / "requests")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.load",
            json.dumps({**spec, "status": 200, "mark": "", "marks": 0}),
        ],
        input="go\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "unexpected answer: b'HTTP/1.1 201 Created" in done.stderr
