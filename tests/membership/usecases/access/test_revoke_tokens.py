"""Tokens are revoked by whose they are."""

from datetime import timedelta

import pytest

from services.membership.domain.access.errors import ClientUnknown, TooManyRevocations
from services.membership.domain.directory.directory import Scope
from services.membership.domain.members.errors import MemberUnknown
from services.membership.usecases.access.create_client import ClientWanted, create_client
from services.membership.usecases.access.revoke_tokens import REVOCATIONS_MAX, Holder, revoke_tokens
from shared.auth import Revocation, keep_revocations, read_revoked
from shared.contracts.membership import TokensRevoked
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World
from tests.support.service import read_outbox

QUARTER = timedelta(minutes=15)


async def _revoke(world: World, holder: Holder, name: str) -> tuple[str, str]:
    """How it is told."""
    async with transaction(world.engine) as session:
        await revoke_tokens(session, world.clock(), world.program_id, holder, name, QUARTER)
    told = (await read_outbox(world.engine, world.program_id))[-1]
    assert isinstance(told, TokensRevoked)
    async with transaction(world.engine) as session:
        kept = await read_revoked(session, world.clock() - QUARTER)
    assert (world.program_id, told.revoked_by, told.value) in kept
    return told.revoked_by, told.value


async def test_clients_members_subjects_and_single_tokens_can_be_revoked(world: World) -> None:
    wanted = ClientWanted("staff", "Desk", ("members",), None, None)
    async with transaction(world.engine) as session:
        client, _ = await create_client(session, world.clock(), world.program_id, Scope(), wanted)
    member_id = str((await world.enrol_one()).member_id)
    assert await _revoke(world, "client", client.client_id) == ("subject", client.client_id)
    assert await _revoke(world, "member", member_id.upper()) == ("subject", member_id)
    assert await _revoke(world, "subject", "auth0|7") == ("subject", "auth0|7")
    assert await _revoke(world, "token", "t-1") == ("token", "t-1")


async def test_who_is_not_of_this_programme_is_unknown(world: World, other_world: World) -> None:
    wanted = ClientWanted("staff", "Desk", ("members",), None, None)
    async with transaction(world.engine) as session:
        client, _ = await create_client(
            session, world.clock(), other_world.program_id, Scope(), wanted
        )
    for name in ("nobody", client.client_id):
        with pytest.raises(ClientUnknown):
            await _revoke(world, "client", name)
    stranger = (await other_world.enrol_one()).member_id
    for name in ("no id", str(new_id()), str(stranger)):
        with pytest.raises(MemberUnknown):
            await _revoke(world, "member", name)


async def test_no_more_are_remembered_than_every_process_can_hold(world: World) -> None:
    many = [Revocation("token", f"t-{n}", world.clock()) for n in range(REVOCATIONS_MAX)]
    async with transaction(world.engine) as session:
        await keep_revocations(session, world.program_id, many)
    with pytest.raises(TooManyRevocations):
        await _revoke(world, "token", "one more")
    world.clock.advance(minutes=15)
    assert await _revoke(world, "token", "one more") == ("token", "one more")
    async with transaction(world.engine) as session:
        await (await session.connection()).exec_driver_sql("TRUNCATE token_revocation")
