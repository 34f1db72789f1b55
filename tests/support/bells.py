"""The tiny service as a process: `python -m tests.support.bells api consumer relay jobs`."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from fastapi import APIRouter, FastAPI
from pydantic_settings import SettingsConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import utc_now
from shared.http.app import create_app
from shared.http.depends import Public, Runtime, Tx
from shared.http.internal import HealthCheck
from shared.outbox import News, tell
from shared.process import ServiceDefinition, run
from shared.schedule import Job
from shared.settings import ServiceSettings
from tests.support.frame import PROGRAM, Listener, Struck


class BellsSettings(ServiceSettings):
    """Read from BELLS_…"""

    model_config = SettingsConfigDict(env_prefix="BELLS_")


router = APIRouter()


@router.post("/v1/strokes/{number}")
async def strike(_: Public, session: Tx, number: int) -> dict[str, int]:
    """Tell that the bell was struck."""
    await tell(session, [News(Struck(program_id=PROGRAM, bell="a", number=number), utc_now())])
    return {"number": number}


@router.get("/v1/slow")
async def answer_slowly(_: Public) -> dict[str, str]:
    """An open request, for those who stop the process meanwhile."""
    sys.stdout.write("slow\n")
    sys.stdout.flush()
    await asyncio.sleep(1)
    return {"said": "at last"}


async def no_invariants(_: AsyncSession) -> Mapping[str, int]:
    """Nothing can break."""
    return {}


def build_app(runtime: Runtime, health: Sequence[HealthCheck]) -> FastAPI:
    """The app."""
    return create_app(
        runtime,
        title="bells",
        description="Bells.",
        routers=[router],
        invariants=no_invariants,
        health=health,
    )


async def fail(_: AsyncSession, __: datetime) -> int:
    """A job that fails is tried again; it does not end the process."""
    raise RuntimeError("this job is broken")


async def announce(session: AsyncSession, now: datetime) -> int:
    """Tell one stroke."""
    await tell(session, [News(Struck(program_id=PROGRAM, bell="announced", number=1), now)])
    return 1


async def say(_: ServiceSettings, words: Sequence[str]) -> None:
    """A command of the service's own."""
    sys.stdout.write(" ".join(words) + "\n")


SERVICE = ServiceDefinition(
    name="bells",
    settings=BellsSettings,
    build_app=build_app,
    handlers=Listener(poison={int(n) for n in os.environ.get("POISON", "").split()}).handlers,
    jobs=lambda _: [Job("broken", timedelta(seconds=1), fail)],
    invariants=no_invariants,
    announce=announce,
    commands={"say": say},
)

if __name__ == "__main__":
    raise SystemExit(run(SERVICE, sys.argv[1:]))
