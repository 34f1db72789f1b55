"""A wire between a service and its PostgreSQL that is cut at COMMIT, before or after it counts.

A statement that commits by itself is known by something that it says: `commit_says`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Cut = Literal["never", "before COMMIT", "after COMMIT"]


@dataclass
class LossyWire:
    """`url` leads through it. `cut` says what happens to the next COMMIT; then it is "never"."""

    url: str
    cut: Cut = "never"
    commit_says: bytes = b"COMMIT"

    async def carry(
        self, client: asyncio.StreamReader, server: asyncio.StreamWriter, deaf: asyncio.Event
    ) -> None:
        """What the service says to the database."""
        while data := await client.read(65_536):
            if self.commit_says in data and self.cut != "never":
                cut, self.cut = self.cut, "never"
                if cut == "before COMMIT":
                    return
                deaf.set()
            server.write(data)
            await server.drain()


async def _carry_back(
    server: asyncio.StreamReader, client: asyncio.StreamWriter, deaf: asyncio.Event
) -> None:
    """What the database says; when the client is deaf to it, the wire ends after the answer."""
    while data := await server.read(65_536):
        if deaf.is_set():
            return
        client.write(data)
        await client.drain()


@asynccontextmanager
async def open_lossy_wire(database_url: str) -> AsyncIterator[LossyWire]:
    """Forward connections to the database until the block ends."""
    address = urlsplit(database_url)
    open_wires: set[asyncio.Task[None]] = set()

    async def serve(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_wires.add(task)
        answers, server = await asyncio.open_connection(address.hostname, address.port)
        deaf = asyncio.Event()
        ways = [
            asyncio.ensure_future(wire.carry(client, server, deaf)),
            asyncio.ensure_future(_carry_back(answers, back, deaf)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            server.close()
            back.close()
            open_wires.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    netloc = f"{address.netloc.rpartition(':')[0]}:{port}"
    wire = LossyWire(urlunsplit(address._replace(netloc=netloc)))
    try:
        yield wire
    finally:
        listener.close()
        for task in list(open_wires):
            task.cancel()
        await asyncio.gather(*open_wires, return_exceptions=True)
