"""uvicorn's protocol, whose answers leave in one piece.

uvicorn writes the head and the body one after the other and uvloop sends each at once: two system
calls, two packets, and a caller that is woken twice.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_GO_ON = b"HTTP/1.1 100 "


class OneWriteProtocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=…)`."""

    def connection_made(  # type: ignore[override]
        self, transport: asyncio.Transport
    ) -> None:
        """Have uvicorn write to what joins head and body."""
        self._joined = _Joined(transport)
        super().connection_made(self._joined)  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        """The answer to a HEAD is over without a word after its head."""
        self._joined.flush()
        super().on_response_complete()


class _Joined:
    """A transport that keeps an answer's head until something follows or the answer is over."""

    __slots__ = ("_head", "_transport", "_write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._write = transport.write
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        if self._head is not None:
            data, self._head = self._head + data, None
        elif data.startswith(_HEAD) and not data.startswith(_GO_ON):
            self._head = data
            return
        self._write(data)

    def flush(self) -> None:
        if self._head is not None:
            self._write(self._head)
            self._head = None

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
