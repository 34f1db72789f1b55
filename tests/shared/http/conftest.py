"""An app of the tiny service, with an endpoint for each thing that can happen to a request."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.db import driver
from shared.errors import Conflict, Forbidden, NotFound, Rejected, Unauthenticated, Unavailable
from shared.http.app import create_app
from shared.http.depends import CurrentMember, CurrentTill, Public, Runtime, Tx
from shared.http.fields import Name
from shared.logs import correlation_id, trace_parent
from shared.outbox import News, tell
from tests.support.clock import HandClock
from tests.support.frame import PROGRAM, FrameSettings, Listener, Struck
from tests.support.service import make_runtime, make_settings, open_client


class BellCracked(Rejected):
    """The bell is cracked."""


class Apple(BaseModel):
    kind: Literal["apple"]


class Pear(BaseModel):
    kind: Literal["pear"]


class Order(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    amount: int = Field(ge=-(10**12), le=10**12)
    name: Name = "x"
    id: UUID | None = Field(None, strict=False)
    at: datetime | None = Field(None, strict=False)
    anything: Any = None
    fruit: Annotated[Apple | Pear, Field(discriminator="kind")] | None = None
    zone: str | None = None

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        if zone not in (None, "UTC"):
            raise ValueError(f"no such zone: {zone}")
        return zone


ORDERS = TypeAdapter(list[Order])
REFUSALS = {
    "rejected": BellCracked("It is cracked.", shortfall=3, nothing=None),
    "not_found": NotFound("No such bell."),
    "conflict": Conflict("Already struck."),
    "forbidden": Forbidden("Not yours."),
    "unauthenticated": Unauthenticated("Who are you?"),
    "unavailable": Unavailable("Not now."),
}


router = APIRouter()
KILL: list[Any] = []


@router.post("/v1/strokes", status_code=201)
async def strike(_: Public, session: Tx) -> dict[str, str]:
    await session.execute(text("INSERT INTO tally VALUES ('p', 'bell', '1')"))
    return {"said": "stored"}


@router.post("/v1/refused-commits", status_code=201)
async def refuse_commit(_: Public, session: Tx) -> dict[str, str]:
    await session.execute(text("CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    await session.execute(text("INSERT INTO late VALUES (1), (1)"))
    return {"said": "stored"}


@router.post("/v1/lost-commits", status_code=201)
async def lose_commit(_: Public, session: Tx) -> dict[str, Any]:
    await session.execute(text("INSERT INTO tally VALUES ('p', 'bell', '1')"))
    pid = await session.scalar(text("SELECT pg_backend_pid()"))
    await KILL[0](pid)
    return {"said": "stored"}


@router.post("/v1/orders")
async def order(_: Public, order: Order) -> dict[str, Any]:
    return order.model_dump(mode="json")


@router.post("/v1/raw-orders")
async def order_raw(_: Public, request: Request) -> dict[str, Any]:
    return {"count": len(ORDERS.validate_json(await request.body()))}


@router.get("/v1/names")
async def read_name(
    _: Public, session: Tx, name: Annotated[str, Query()], number: Annotated[int, Query()] = 1
) -> dict[str, Any]:
    connection = await driver(session)
    return {
        "name": await connection.fetchval("SELECT $1::text", name),
        "number": await connection.fetchval("SELECT $1::bigint", number),
    }


@router.get("/v1/refusals/{kind}")
async def refuse(_: Public, kind: Annotated[str, Path()]) -> Response:
    raise REFUSALS[kind]


@router.get("/v1/broken/{what}")
async def break_down(_: Public, what: str) -> Response:
    raise RuntimeError("13800138000")


@router.get("/v1/context")
async def read_context(_: Public) -> dict[str, str]:
    return {"correlation": correlation_id.get(), "trace": trace_parent.get()}


@router.post("/v1/news")
async def tell_news(_: Public, session: Tx, request: Request) -> dict[str, str]:
    now = request.app.state.runtime.clock()
    await tell(session, [News(Struck(program_id=PROGRAM, bell="a", number=1), now)])
    return {}


@router.get("/v1/me")
async def read_me(member: CurrentMember) -> dict[str, str]:
    return {"member_id": str(member.member_id)}


@router.post("/v1/tills")
async def post_till(till: CurrentTill, body: dict[str, Any]) -> dict[str, str]:
    return {"till_id": till.till_id}


async def no_invariants(session: AsyncSession) -> Mapping[str, int]:
    """One that always holds and one that counts strokes of a bell called broken."""
    found = await session.scalar(text("SELECT count(*) FROM tally WHERE place = 'broken'"))
    return {"always": 0, "no_broken_bell": found or 0}


@pytest.fixture
def trouble() -> list[str]:
    """What the liveness check complains of."""
    return []


@pytest.fixture
def runtime(
    database_url: str, engine: AsyncEngine, clock: HandClock, listener: Listener
) -> Runtime:
    settings = make_settings(FrameSettings, database_url, body_bytes_max=2_000)
    return make_runtime("bells", settings, engine, clock, listener.handlers)


@pytest.fixture
def app(runtime: Runtime, trouble: list[str]) -> FastAPI:
    return create_app(
        runtime,
        title="bells",
        description="Bells.",
        routers=[router],
        invariants=no_invariants,
        health=[lambda: trouble[0] if trouble else None],
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(app) as opened:
        yield opened
