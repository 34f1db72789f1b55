"""Head and body leave together, and nothing that a caller waits for is kept back."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.one_write import OneWriteProtocol

_START = {"type": "http.response.start", "status": 200, "headers": []}


class _Line(asyncio.Transport):
    """A transport that keeps what is written to it, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


def app_that_sends(messages: Iterable[dict[str, Any]], hears: bool = False) -> ASGIApp:
    """An app that sends these, one after the other, and ends; `hears` the body first."""

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        if hears:
            await receive()
        for message in messages:
            await send(message)

    return app


@asynccontextmanager
async def asked(app: ASGIApp, request: bytes) -> AsyncIterator[_Line]:
    """The line after the app was asked and its task has ended."""
    config = uvicorn.Config(app, http=OneWriteProtocol, log_config=None, access_log=False)
    config.load()
    state = uvicorn.Server(config).server_state
    line = _Line()
    protocol = OneWriteProtocol(config, state, {})
    protocol.connection_made(line)
    protocol.data_received(request)
    await asyncio.gather(*state.tasks)
    try:
        yield line
    finally:
        protocol.connection_lost(None)


def get(method: str = "GET", more: str = "") -> bytes:
    return f"{method} / HTTP/1.1\r\nhost: here\r\n{more}\r\n".encode()


def body(data: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def start(**headers: str) -> dict[str, Any]:
    named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {**_START, "headers": named}


async def test_an_answer_leaves_in_one_piece() -> None:
    app = app_that_sends([start(content_length="5"), body(b"hello")])
    async with asked(app, get()) as line:
        [piece] = line.pieces
    assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
    assert piece.endswith(b"\r\n\r\nhello")


async def test_a_body_that_looks_like_a_head_is_a_body() -> None:
    said = b"HTTP/1.1 is a protocol"
    app = app_that_sends([start(content_length=str(len(said))), body(said)])
    async with asked(app, get()) as line:
        [piece] = line.pieces
    assert piece.endswith(b"\r\n\r\n" + said)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_answer_without_a_body_is_not_kept_back(method: str) -> None:
    app = app_that_sends([start(content_length="0"), body(b"")])
    async with asked(app, get(method)) as line:
        assert b"".join(line.pieces).endswith(b"content-length: 0\r\n\r\n")


async def test_a_stream_leaves_piece_by_piece_its_head_with_the_first() -> None:
    app = app_that_sends([start(), body(b"one", more=True), body(b"two", more=True), body(b"")])
    async with asked(app, get()) as line:
        head, two, end = line.pieces
    assert head.endswith(b"\r\n\r\n3\r\none\r\n")
    assert (two, end) == (b"3\r\ntwo\r\n", b"0\r\n\r\n")


async def test_who_waits_to_be_asked_on_is_asked_at_once() -> None:
    app = app_that_sends([start(content_length="2"), body(b"ok")], hears=True)
    expecting = get("POST", "content-length: 2\r\nexpect: 100-continue\r\n") + b"hi"
    async with asked(app, expecting) as line:
        go_on, answer = line.pieces
    assert go_on == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.endswith(b"\r\n\r\nok")


async def test_a_head_that_nothing_follows_leaves_when_the_line_is_closed() -> None:
    async with asked(app_that_sends([start(content_length="5")]), get()) as line:
        assert line.is_closed
        assert [piece[:15] for piece in line.pieces] == [b"HTTP/1.1 200 OK"]


async def test_who_asks_to_close_gets_the_answer_first() -> None:
    app = app_that_sends([start(content_length="5"), body(b"hello")])
    async with asked(app, get("GET", "connection: close\r\n")) as line:
        assert (len(line.pieces), line.is_closed) == (1, True)


async def test_what_is_no_request_is_refused_and_closed() -> None:
    async with asked(app_that_sends([]), b"\x16\x03\x01 what\r\n\r\n") as line:
        assert line.is_closed
        assert b"".join(line.pieces).startswith(b"HTTP/1.1 400 Bad Request")
