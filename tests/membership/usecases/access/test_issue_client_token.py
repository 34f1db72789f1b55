"""Tokens for clients."""

import jwt
import pytest

from services.membership.domain.access.errors import ClientInvalid
from services.membership.usecases.access.disable_client import disable_client
from services.membership.usecases.access.issue_client_token import issue_client_token
from services.membership.usecases.programs.create_program import ProgramWanted, create_program
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World


@pytest.fixture
async def client_id(world: World) -> str:
    name = f"admin-{new_id().hex}"
    async with transaction(world.engine) as session:
        wanted = ProgramWanted("R", "CNY", "CN", "Asia/Shanghai", name, world.program_id, "secret")
        await create_program(session, world.clock(), wanted)
    return name


async def _issue(world: World, client_id: str, secret: str) -> str:
    async with transaction(world.engine) as session:
        key = world.settings.token_sealing_key
        return await issue_client_token(
            session, world.clock(), key, "galleria", 900, client_id, secret
        )


async def test_a_token_says_who_for_how_long_and_never_twice_the_same(
    world: World, client_id: str
) -> None:
    tokens = [await _issue(world, client_id, "secret") for _ in range(2)]
    claims = [jwt.decode(t, options={"verify_signature": False}) for t in tokens]
    assert claims[0]["sub"] == client_id
    assert claims[0]["prg"] == str(world.program_id)
    assert claims[0]["exp"] == int(world.clock().timestamp()) + 900
    assert claims[0]["jti"] != claims[1]["jti"]


async def test_a_wrong_secret_an_unknown_client_and_a_disabled_one_get_the_same_answer(
    world: World, client_id: str
) -> None:
    said = set()
    for name, secret in ((client_id, "wrong"), ("nobody", "secret")):
        with pytest.raises(ClientInvalid) as refused:
            await _issue(world, name, secret)
        said.add(refused.value.detail)
    async with transaction(world.engine) as session:
        await disable_client(session, world.clock(), world.program_id, client_id)
    with pytest.raises(ClientInvalid) as refused:
        await _issue(world, client_id, "secret")
    assert {refused.value.detail} == said
