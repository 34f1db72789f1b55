"""What a service says of itself to be run."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.auth import FetchKeys
from shared.consumer import Handlers
from shared.http.depends import Runtime
from shared.http.internal import HealthCheck, Invariants
from shared.schedule import Job
from shared.settings import ServiceSettings

ROLES = ("api", "consumer", "relay", "jobs")

# A further word on the command line: `python -m services.membership create-program …`.
Command = Callable[[ServiceSettings, Sequence[str]], Awaitable[None]]
BuildApp = Callable[[Runtime, Sequence[HealthCheck]], FastAPI]


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """Everything that `__main__` says of its service."""

    name: str
    settings: type[ServiceSettings]
    build_app: BuildApp
    handlers: Handlers
    jobs: Callable[[ServiceSettings], Sequence[Job]]
    invariants: Invariants
    fetch_keys: Callable[[AsyncEngine], FetchKeys] | None = None
    announce: Callable[[AsyncSession, datetime], Awaitable[int]] | None = None
    commands: Mapping[str, Command] = field(default_factory=dict)
