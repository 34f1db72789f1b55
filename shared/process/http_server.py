"""The HTTP server of a process, which ends when the process is asked to."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from shared.http.one_write import OneWriteProtocol
from shared.settings import ServiceSettings


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: one stop event rules all roles."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_http(app: FastAPI, settings: ServiceSettings, stop: asyncio.Event) -> None:
    """Answer requests until `stop` is set. Raises when the server ends before that."""
    server = _Server(
        uvicorn.Config(
            app,
            http=OneWriteProtocol,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # Nobody here asks where a caller is: one layer less.
            timeout_graceful_shutdown=int(settings.drain_seconds_max),
        )
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Also when another role failed: open requests are answered before the process goes.
        server.should_exit = True
        stopping.cancel()
        await serving
    if not stop.is_set():
        raise RuntimeError(f"The HTTP server on port {settings.port} ended by itself")
