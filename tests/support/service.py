"""A service under test: its settings, its engine, its app behind an in-process HTTP client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth import Till, derive_till_secret, till_headers
from shared.clock import Clock
from shared.consumer import Delivery, Handlers
from shared.contracts.event import EVENT_TYPES, Event
from shared.db import create_engine, driver, transaction
from shared.http.depends import Runtime
from shared.ids import new_id
from shared.settings import ServiceSettings
from tests.support.tokens import make_verifier

DEPLOYMENT_KEY = "tests-deployment-key-that-is-long-enough"
# How slow the machine is while others run on it is not what tests ask; a pool whose users wait for
# each other fails them all the same.
PATIENCE_SECONDS = 60
AnySettings = TypeVar("AnySettings", bound=ServiceSettings)


def make_settings(
    settings_class: type[AnySettings], database_url: str, **values: Any
) -> AnySettings:
    """Settings without an environment; `values` override."""
    defaults = {
        "database_url": database_url,
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "deployment_key": DEPLOYMENT_KEY,
        "jwks_url": "http://127.0.0.1:1/jwks",
        "database_wait_seconds_max": PATIENCE_SECONDS,
    }
    return settings_class(**{**defaults, **values})


@asynccontextmanager
async def open_engine(database_url: str, pool_size: int = 5) -> AsyncIterator[AsyncEngine]:
    """A patient engine that is disposed of at the end."""
    engine = create_engine(
        database_url,
        pool_size,
        pool_timeout_seconds=PATIENCE_SECONDS,
        connect_timeout_seconds=PATIENCE_SECONDS,
    )
    try:
        yield engine
    finally:
        await engine.dispose()


def make_runtime(
    service: str,
    settings: ServiceSettings,
    engine: AsyncEngine,
    clock: Clock,
    handlers: Handlers | None = None,
) -> Runtime:
    """What a process would hand to its front doors, with the tests' clock and keys."""
    return Runtime(service, settings, engine, clock, make_verifier(clock), handlers or {})


@asynccontextmanager
async def open_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client on the app, with its lifespan run."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def post_signed(
    client: httpx.AsyncClient, clock: Clock, till: Till, path: str, body: Any
) -> httpx.Response:
    """POST as the till would: the body as JSON (bytes go as they are), signed."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    secret = derive_till_secret(
        DEPLOYMENT_KEY, till.program_id, till.shop_id, till.till_id, till.key_version
    )
    headers = till_headers(secret, till, new_id().hex, int(clock().timestamp()), path, raw)
    return await client.post(
        path, content=raw, headers={**headers, "Content-Type": "application/json"}
    )


def deliver(*events: Event) -> list[Delivery]:
    """Events as a consumer would hand them to a use case."""
    return [Delivery(event, new_id(), "test", "") for event in events]


async def read_outbox(engine: AsyncEngine, program_id: UUID) -> list[Event]:
    """What the service has told so far in the programme, in order."""
    async with transaction(engine) as session:
        rows = await (await driver(session)).fetch(
            "SELECT type, data FROM outbox WHERE program_id = $1 ORDER BY id", program_id
        )
    return [EVENT_TYPES[row["type"]].model_validate_json(row["data"]) for row in rows]
