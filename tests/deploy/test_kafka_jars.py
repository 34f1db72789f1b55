"""Kafka's jars: pinned, verified, fetched once; here from a repository on the loopback address."""

import hashlib
import socket
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.local.kafka_jars import Jar, fetch_jars, read_lock
from deploy.local.problem import StackProblem

CONTENT = b"the bytes of a jar"
PINNED = Jar("mall.galleria", "escalator", "1.0", hashlib.sha256(CONTENT).hexdigest())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Not into the tests' output."""


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "repository"
    (folder / PINNED.path).parent.mkdir(parents=True)
    (folder / PINNED.path).write_bytes(CONTENT)
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_jar_is_fetched_once_and_its_progress_shown(repository: str, tmp_path: Path) -> None:
    said: list[str] = []
    cache = tmp_path / "cache"
    for _ in range(2):
        assert fetch_jars(said.append, [PINNED], cache, repository) == [cache / PINNED.path]
    assert [line.split("(")[0].strip() for line in said] == [
        f"fetching 1 jars of Apache Kafka into {cache}",
        "[1/1] escalator-1.0.jar",
    ]


def test_a_jar_with_other_bytes_than_pinned_is_refused(repository: str, tmp_path: Path) -> None:
    wrong = Jar(PINNED.group, PINNED.artifact, PINNED.version, "0" * 64)
    with pytest.raises(StackProblem, match="wrong SHA-256 and was refused") as refusal:
        fetch_jars(lambda _: None, [wrong], tmp_path / "cache", repository)
    assert PINNED.sha256 in str(refusal.value)
    assert list((tmp_path / "cache").rglob("*.jar")) == []


def test_a_cached_jar_that_was_damaged_is_fetched_again(repository: str, tmp_path: Path) -> None:
    damaged = tmp_path / "cache" / PINNED.path
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(CONTENT[:5])
    fetch_jars(lambda _: None, [PINNED], tmp_path / "cache", repository)
    assert damaged.read_bytes() == CONTENT


def test_a_download_that_fails_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(
        StackProblem, match=r"could not download mall\.galleria:escalator:1\.0"
    ) as no:
        fetch_jars(lambda _: None, [PINNED], tmp_path / "cache", nobody)
    assert "run the same command again" in str(no.value)


def test_every_jar_of_the_lock_is_pinned_by_a_hash() -> None:
    jars = read_lock()
    assert "kafka_2.13" in {jar.artifact for jar in jars}
    assert all(len(jar.sha256) == 64 for jar in jars)
