"""The tiny service as a real process."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.frame import until

ROOT = Path(__file__).parents[2]
Environment = Mapping[str, str]


async def start(environment: Environment, *words: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.bells",
        *words,
        cwd=ROOT,
        env=dict(environment),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )


async def ran(environment: Environment, *words: str) -> tuple[int | None, str, str]:
    """Exit code, standard output and standard error."""
    process = await start(environment, *words)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


@dataclass
class Running:
    """A process with its client."""

    process: Process
    client: httpx.AsyncClient

    async def ended(self) -> tuple[int | None, str]:
        """Exit code and log."""
        _, err = await asyncio.wait_for(self.process.communicate(), 60)
        return self.process.returncode, err.decode()


@asynccontextmanager
async def running(environment: Environment, *words: str) -> AsyncIterator[Running]:
    process = await start(environment, *words)
    address = f"http://127.0.0.1:{environment['BELLS_PORT']}"
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:

        async def is_up() -> bool:
            assert process.returncode is None, (await process.communicate())[1].decode()
            try:
                return (await client.get("/health/live")).status_code == 200
            except httpx.TransportError:
                return False

        try:
            await until(is_up, 60)
            yield Running(process, client)
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
