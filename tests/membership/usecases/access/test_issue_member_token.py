"""Tokens for members."""

import jwt
import pytest

from services.membership.domain.access.errors import ClientNotAllowed, SubjectUnknown
from services.membership.domain.directory.directory import Scope
from services.membership.usecases.access.create_client import ClientWanted, create_client
from services.membership.usecases.access.issue_member_token import issue_member_token
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World


async def _client(world: World, *roles: str) -> tuple[str, str]:
    async with transaction(world.engine) as session:
        wanted = ClientWanted("service", "Mini-program", roles, None, None)
        client, secret = await create_client(
            session, world.clock(), world.program_id, Scope(), wanted
        )
    return client.client_id, secret


async def _issue(world: World, client: tuple[str, str], member_id: object) -> str:
    async with transaction(world.engine) as session:
        key = world.settings.token_sealing_key
        args = (session, world.clock(), key, "galleria", 900, *client, member_id)
        return await issue_member_token(*args)  # type: ignore[arg-type]


async def test_a_front_end_speaks_for_its_own_programmes_members_only(
    world: World, other_world: World
) -> None:
    front = await _client(world, "front_end")
    member, stranger = await world.enrol_one(), await other_world.enrol_one()
    token = await _issue(world, front, member.member_id)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["knd"], claims["sub"]) == ("member", str(member.member_id))
    assert claims["azp"] == front[0], "with the front end's tokens this one is revoked too"
    for unknown in (stranger.member_id, new_id()):
        with pytest.raises(SubjectUnknown):
            await _issue(world, front, unknown)


async def test_a_monitor_speaks_for_nobody(world: World) -> None:
    member = await world.enrol_one()
    with pytest.raises(ClientNotAllowed):
        await _issue(world, await _client(world, "operations"), member.member_id)
