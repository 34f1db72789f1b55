"""Transactions, the time and principals, as endpoints get them."""

from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth import Till, derive_till_secret, till_headers
from shared.ids import new_id
from tests.shared.http.conftest import KILL
from tests.support.clock import HandClock
from tests.support.frame import PROGRAM, read_tally
from tests.support.service import DEPLOYMENT_KEY, open_engine, post_signed
from tests.support.tokens import member_headers, staff_headers

TILL = Till(PROGRAM, new_id(), "till-1", 1)


async def test_what_the_answer_says_is_stored_when_the_answer_leaves(
    app: FastAPI, engine: AsyncEngine
) -> None:
    seen: list[Any] = []

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        async def watch(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen.append((message["status"], await read_tally(engine)))
            await send(message)

        await app(scope, receive, watch)

    transport = httpx.ASGITransport(app=watching)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        await client.post("/v1/strokes")
    assert seen == [(201, [("bell", 1)])]


async def test_a_refused_commit_is_a_503(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/refused-commits")
    assert (answer.status_code, answer.json()["code"]) == (503, "commit_refused")
    assert answer.headers["retry-after"] == "1"


async def test_a_commit_whose_answer_is_lost_is_a_503(
    client: httpx.AsyncClient, engine: AsyncEngine, postgres_url: str
) -> None:
    async def kill(pid: int) -> None:
        connection = await asyncpg.connect(postgres_url)
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await connection.close()

    KILL[:] = [kill]
    answer = await client.post("/v1/lost-commits")
    assert (answer.status_code, answer.json()["code"]) == (503, "commit_unknown")
    assert await read_tally(engine) == []
    assert (await client.post("/v1/strokes")).status_code == 201


async def test_an_exhausted_pool_is_a_503(app: FastAPI, runtime: Any, database_url: str) -> None:
    async with open_engine("postgresql://nobody:x@127.0.0.1:1/nothing") as nowhere:
        object.__setattr__(runtime, "engine", nowhere)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.post("/v1/strokes")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")


async def test_a_member_token_opens_what_is_the_members(
    client: httpx.AsyncClient, clock: HandClock
) -> None:
    member_id = new_id()
    answer = await client.get("/v1/me", headers=member_headers(clock, PROGRAM, member_id))
    assert answer.json() == {"member_id": str(member_id)}


async def test_a_token_of_another_kind_is_forbidden(
    client: httpx.AsyncClient, clock: HandClock
) -> None:
    answer = await client.get("/v1/me", headers=staff_headers(clock, PROGRAM))
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_principal")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "token_missing"),
        (b"", "token_missing"),
        (b"Bearer", "token_missing"),
        (b"Basic YTpi", "token_missing"),
        (b"Bearer \xff\xfe", "token_invalid"),
        (b"Bearer a.b.c", "token_invalid"),
        (b"Bearer eyJhbGciOiJub25lIn0.e30.", "token_invalid"),
        (b"Bearer " + b"x" * 5_000, "token_invalid"),
    ],
    ids=repr,
)
async def test_no_good_token_is_a_401(
    client: httpx.AsyncClient, value: bytes | None, code: str
) -> None:
    headers = {} if value is None else {b"authorization": value}
    answer = await client.get("/v1/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_tills_signature_is_checked_over_its_body(
    client: httpx.AsyncClient, clock: HandClock
) -> None:
    answer = await post_signed(client, clock, TILL, "/v1/tills", {"a": 1})
    assert answer.json() == {"till_id": "till-1"}


def _signed(clock: HandClock, body: bytes, path: str = "/v1/tills") -> dict[str, str]:
    secret = derive_till_secret(DEPLOYMENT_KEY, PROGRAM, TILL.shop_id, "till-1", 1)
    headers = till_headers(secret, TILL, "m-1", int(clock().timestamp()), path, body)
    return {**headers, "Content-Type": "application/json"}


@pytest.mark.parametrize("host", [b"[", b"a/b", b"\xff", b"evil.test:99999999"], ids=repr)
async def test_the_host_header_has_no_say_in_a_signature(
    client: httpx.AsyncClient, clock: HandClock, host: bytes
) -> None:
    headers = {**_signed(clock, b"{}"), "Host": host}
    answer = await client.post("/v1/tills", content=b"{}", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Galleria-Till", b"\xff\xfe"),
        ("Galleria-Till", b"a/b/c/1"),
        ("Galleria-Timestamp", b"\xb2"),
        ("Galleria-Timestamp", b"9" * 5_000),
        ("Galleria-Timestamp", b"-1"),
        ("Galleria-Id", b"\xe4\x00x".replace(b"\x00", b"\x7f")),
        ("Galleria-Signature", b"\xff" * 64),
        ("Galleria-Signature", b""),
    ],
    ids=repr,
)
async def test_junk_in_a_tills_headers_is_a_401(
    client: httpx.AsyncClient, clock: HandClock, name: str, value: bytes
) -> None:
    headers = {**_signed(clock, b"{}"), name: value}
    answer = await client.post("/v1/tills", content=b"{}", headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")


async def test_a_stale_timestamp_is_answered_with_the_servers_time(
    client: httpx.AsyncClient, clock: HandClock
) -> None:
    headers = _signed(clock, b"{}")
    now = clock.advance(seconds=301)
    answer = await client.post("/v1/tills", content=b"{}", headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (401, "signature_stale")
    assert problem["server_time"] == int(now.timestamp())


async def test_a_signature_of_another_path_is_refused(
    client: httpx.AsyncClient, clock: HandClock
) -> None:
    headers = _signed(clock, b"{}", path="/v1/other")
    answer = await client.post("/v1/tills", content=b"{}", headers=headers)
    assert answer.status_code == 401
