"""Tokens over HTTP, and that membership believes its own."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import jwt
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.api.app import build_app
from services.membership.queries.access.jwks import read_jwks
from services.membership.settings import MembershipSettings
from services.membership.usecases.access.rotate_signing_keys import rotate_signing_keys
from services.membership.usecases.programs.create_program import ProgramWanted, create_program
from shared.auth import TokenVerifier
from shared.db import transaction
from shared.http.depends import Runtime
from shared.ids import new_id
from tests.membership.world import World
from tests.support.clock import HandClock
from tests.support.service import open_client

TOKEN = "/v1/oauth/token"
SECRET = "correct horse battery staple é%+"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@pytest.fixture
async def real_client(
    engine: AsyncEngine, settings: MembershipSettings, clock: HandClock
) -> AsyncIterator[httpx.AsyncClient]:
    """The app as it runs: it trusts the keys in its own table, and nobody else's."""

    async def fetch() -> object:
        async with transaction(engine) as session:
            return await read_jwks(session, clock())

    verifier = TokenVerifier(fetch, settings.token_issuer, clock, reread_seconds_min=0)  # type: ignore[arg-type]
    runtime = Runtime("membership", settings, engine, clock, verifier)
    async with open_client(build_app(runtime)) as client:
        yield client


@pytest.fixture
async def admin(world: World) -> str:
    """The client id of an administrator of the world's programme."""
    client_id = f"admin-{new_id().hex}"
    wanted = ProgramWanted("R", "CNY", "CN", "Asia/Shanghai", client_id, world.program_id, SECRET)
    async with transaction(world.engine) as session:
        await create_program(session, world.clock(), wanted)
    return client_id


async def ask(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await client.post(TOKEN, data=form)


async def ask_as(client: httpx.AsyncClient, client_id: str, secret: str = SECRET) -> httpx.Response:
    return await ask(
        client, grant_type="client_credentials", client_id=client_id, client_secret=secret
    )


async def bearer(client: httpx.AsyncClient, client_id: str, secret: str = SECRET) -> dict[str, str]:
    answer = await ask_as(client, client_id, secret)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_an_administrators_token_opens_the_programme(
    real_client: httpx.AsyncClient, world: World, admin: str
) -> None:
    answer = await ask_as(real_client, admin)
    assert answer.json()["expires_in"] == 900
    assert answer.headers["cache-control"] == "no-store"
    malls = await real_client.get("/v1/malls", headers=await bearer(real_client, admin))
    assert [mall["code"] for mall in malls.json()["items"]] == ["riverside"]


async def test_http_basic_proves_a_client_too(real_client: httpx.AsyncClient, admin: str) -> None:
    from urllib.parse import quote

    pair = b64encode(f"{admin}:{quote(SECRET)}".encode()).decode()
    answer = await real_client.post(
        TOKEN,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {pair}"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": "x"}, 400, "invalid_request"),
        (
            {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"},
            401,
            "invalid_client",
        ),
        (
            {"grant_type": "password", "client_id": "nobody", "client_secret": "x"},
            400,
            "unsupported_grant_type",
        ),
        (
            {"grant_type": EXCHANGE, "client_id": "nobody", "client_secret": "x"},
            400,
            "invalid_request",
        ),
        (
            {
                "grant_type": EXCHANGE,
                "client_id": "nobody",
                "client_secret": "x",
                "subject_token_type": "urn:galleria:member-id",
                "subject_token": "Wang",
            },
            400,
            "invalid_request",
        ),
    ],
)
async def test_a_bad_token_request_is_refused_in_oauths_own_words(
    real_client: httpx.AsyncClient, form: dict[str, str], status: int, error: str
) -> None:
    answer = await ask(real_client, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_wrong_secret_is_refused(real_client: httpx.AsyncClient, admin: str) -> None:
    answer = await ask_as(real_client, admin, "wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=a&grant_type=b",
        b"\xff\xfe",
        b"a=%ff",
        b"&".join([b"a%d=1" % n for n in range(50)]),
    ],
)
async def test_a_form_that_is_junk_is_refused(real_client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await real_client.post(TOKEN, content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("credentials", ["%%%", "/w==", "", b64encode(b"\x00:x").decode()])
async def test_junk_in_the_basic_header_is_nobody(
    real_client: httpx.AsyncClient, credentials: str
) -> None:
    answer = await real_client.post(
        TOKEN,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {credentials}"},
    )
    assert answer.status_code == 401


async def test_two_proofs_at_once_are_one_too_many(
    real_client: httpx.AsyncClient, admin: str
) -> None:
    answer = await real_client.post(
        TOKEN,
        data={"grant_type": "client_credentials", "client_id": admin, "client_secret": SECRET},
        headers={"Authorization": f"Basic {b64encode(b'a:b').decode()}"},
    )
    assert answer.json()["error"] == "invalid_request"


async def test_a_front_end_gets_tokens_for_its_members(
    real_client: httpx.AsyncClient, world: World, admin: str
) -> None:
    headers = {**await bearer(real_client, admin), "Idempotency-Key": new_id().hex}
    body = {"kind": "service", "name": "Mini-program", "roles": ["front_end"]}
    front = (await real_client.post("/v1/clients", json=body, headers=headers)).json()
    member = await world.enrol_one()
    form = {
        "grant_type": EXCHANGE,
        "client_id": front["client_id"],
        "client_secret": front["client_secret"],
        "subject_token": str(member.member_id),
        "subject_token_type": "urn:galleria:member-id",
    }
    answer = await ask(real_client, **form)
    own = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    record = await real_client.get(f"/v1/members/{member.member_id}", headers=own)
    assert record.json()["member_number"] == member.member_number
    stranger = await ask(real_client, **{**form, "subject_token": str(new_id())})
    assert (stranger.status_code, stranger.json()["error"]) == (400, "invalid_grant")
    by_staff = await ask(real_client, **{**form, "client_id": admin, "client_secret": SECRET})
    assert (by_staff.status_code, by_staff.json()["error"]) == (400, "unauthorized_client")


async def test_tokens_of_a_retired_key_are_good_until_they_end(
    real_client: httpx.AsyncClient, world: World, admin: str, clock: HandClock
) -> None:
    old = await bearer(real_client, admin)
    async with transaction(world.engine) as session:
        sealing_key = world.settings.token_sealing_key
        await rotate_signing_keys(session, clock(), sealing_key, timedelta(seconds=900))
    new = await bearer(real_client, admin)
    kids = [
        jwt.get_unverified_header(h["Authorization"].removeprefix("Bearer "))["kid"]
        for h in (old, new)
    ]
    assert kids[0] != kids[1]
    jwks = (await real_client.get("/.well-known/jwks.json")).json()
    assert set(kids) <= {key["kid"] for key in jwks["keys"]}
    assert not any("d" in key for key in jwks["keys"]), "a private key was published"
    for headers in (old, new):
        assert (await real_client.get("/v1/malls", headers=headers)).status_code == 200
    clock.advance(seconds=901)
    assert (await real_client.get("/v1/malls", headers=old)).status_code == 401
    jwks = (await real_client.get("/.well-known/jwks.json")).json()
    assert kids[0] not in {key["kid"] for key in jwks["keys"]}


async def test_the_first_keys_made_at_once_are_one(
    real_client: httpx.AsyncClient, admin: str
) -> None:
    answers = await asyncio.gather(*(ask_as(real_client, admin) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    kids = {jwt.get_unverified_header(a.json()["access_token"])["kid"] for a in answers}
    assert len(kids) == 1
