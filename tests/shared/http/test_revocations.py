"""A process learns of revoked tokens by itself, at its start and while it runs."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth import Revocation, keep_revocations
from shared.db import create_engine, transaction
from shared.http.app import create_app
from shared.http.depends import Runtime
from shared.ids import new_id
from tests.shared.http.conftest import no_invariants, router
from tests.support.clock import HandClock
from tests.support.frame import PROGRAM, FrameSettings, until
from tests.support.lossy_wire import open_lossy_wire
from tests.support.service import make_runtime, make_settings, open_client, open_engine
from tests.support.tokens import member_headers

MEMBER = new_id()


def _app(runtime: Runtime) -> FastAPI:
    return create_app(
        runtime,
        title="bells",
        description="Bells.",
        routers=[router],
        invariants=no_invariants,
    )


@pytest.fixture
def quick_runtime(database_url: str, engine: AsyncEngine, clock: HandClock) -> Runtime:
    settings = make_settings(FrameSettings, database_url, revocations_poll_seconds=0.02)
    return make_runtime("bells", settings, engine, clock)


async def _revoke(engine: AsyncEngine, clock: HandClock) -> None:
    async with transaction(engine) as session:
        await keep_revocations(session, PROGRAM, [Revocation("subject", str(MEMBER), clock())])


async def test_a_revoked_token_is_refused_soon_and_by_a_process_that_starts_later(
    quick_runtime: Runtime, engine: AsyncEngine, clock: HandClock
) -> None:
    headers = member_headers(clock, PROGRAM, MEMBER)

    async def ask(client: httpx.AsyncClient) -> tuple[int, str]:
        answer = await client.get("/v1/me", headers=headers)
        return answer.status_code, answer.json().get("code", "")

    async with open_client(_app(quick_runtime)) as client:
        assert (await ask(client))[0] == 200
        await _revoke(engine, clock)

        async def is_refused() -> bool:
            return await ask(client) == (401, "token_revoked")

        await until(is_refused)
    async with open_client(_app(quick_runtime)) as client:
        assert await ask(client) == (401, "token_revoked")


async def test_a_process_goes_on_listening_when_the_wire_is_cut_at_the_end_of_reading(
    database_url: str, engine: AsyncEngine, clock: HandClock
) -> None:
    headers = member_headers(clock, PROGRAM, MEMBER)
    async with open_lossy_wire(database_url) as wire, open_engine(wire.url) as far:
        settings = make_settings(FrameSettings, wire.url, revocations_poll_seconds=0.02)
        runtime = make_runtime("bells", settings, far, clock)
        async with open_client(_app(runtime)) as client:
            assert (await client.get("/v1/me", headers=headers)).status_code == 200
            wire.cut = "after COMMIT"
            await until(lambda: wire.cut == "never")
            await _revoke(engine, clock)

            async def is_refused() -> bool:
                return (await client.get("/v1/me", headers=headers)).status_code == 401

            await until(is_refused)


async def test_when_the_database_goes_what_was_read_of_it_still_counts(
    database_url: str, engine: AsyncEngine, clock: HandClock
) -> None:
    settings = make_settings(FrameSettings, database_url, revocations_poll_seconds=0.02)
    await _revoke(engine, clock)
    headers = member_headers(clock, PROGRAM, MEMBER)
    other = member_headers(clock, PROGRAM, new_id())
    runtime = make_runtime("bells", settings, engine, clock)
    gone = create_engine("postgresql://nobody:nothing@127.0.0.1:1/nowhere", 1)
    lost = make_runtime("bells", settings, gone, clock)
    async with open_client(_app(runtime)) as client:
        assert (await client.get("/v1/me", headers=headers)).json()["code"] == "token_revoked"
        assert (await client.get("/v1/me", headers=other)).status_code == 200
    async with open_client(_app(lost)) as client:
        answer = await client.get("/v1/me", headers=other)
        assert (answer.status_code, answer.json()["code"]) == (503, "revocations_unavailable")
    await gone.dispose()
