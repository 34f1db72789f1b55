"""The long token of a local stack."""

from datetime import timedelta

import jwt
import pytest

from services.membership.domain.access.errors import ClientUnknown
from services.membership.queries.access.jwks import read_jwks
from services.membership.usecases.access.disable_client import disable_client
from services.membership.usecases.access.issue_operator_token import issue_operator_token
from services.membership.usecases.access.rotate_signing_keys import rotate_signing_keys
from services.membership.usecases.programs.create_program import ProgramWanted, create_program
from shared.auth import TokenVerifier
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World


async def _issue(world: World, client_id: str, hours: int = 24) -> str:
    async with transaction(world.engine) as session:
        key, lifetime = world.settings.token_sealing_key, timedelta(hours=hours)
        return await issue_operator_token(
            session, world.clock(), key, "galleria", lifetime, client_id
        )


async def test_a_token_of_a_day_is_good_for_a_day_though_the_keys_are_rotated(
    world: World,
) -> None:
    client_id = f"admin-{new_id().hex}"
    wanted = ProgramWanted("R", "CNY", "CN", "Asia/Shanghai", client_id, world.program_id)
    async with transaction(world.engine) as session:
        await create_program(session, world.clock(), wanted)
    token = await _issue(world, client_id)
    async with transaction(world.engine) as session:
        key = world.settings.token_sealing_key
        await rotate_signing_keys(session, world.clock(), key, timedelta(seconds=900))
    world.clock.advance(hours=23, minutes=59)

    async def fetch() -> object:
        async with transaction(world.engine) as session:
            return await read_jwks(session, world.clock())

    verifier = TokenVerifier(fetch, "galleria", world.clock, seconds_max=86_400)  # type: ignore[arg-type]
    assert (await verifier.principal(token)).program_id == world.program_id
    world.clock.advance(minutes=1)
    kid = jwt.get_unverified_header(token)["kid"]
    async with transaction(world.engine) as session:
        assert kid not in {k["kid"] for k in (await read_jwks(session, world.clock()))["keys"]}


async def test_unknown_and_disabled_clients_get_none(world: World) -> None:
    with pytest.raises(ClientUnknown):
        await _issue(world, "nobody")
    client_id = f"admin-{new_id().hex}"
    wanted = ProgramWanted("R", "CNY", "CN", "Asia/Shanghai", client_id, world.program_id)
    async with transaction(world.engine) as session:
        await create_program(session, world.clock(), wanted)
        await disable_client(session, world.clock(), world.program_id, client_id)
    with pytest.raises(ClientUnknown):
        await _issue(world, client_id)
