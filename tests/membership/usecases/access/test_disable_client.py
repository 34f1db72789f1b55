"""Taking clients out of use."""

from datetime import timedelta

import pytest

from services.membership.domain.access.errors import ClientUnknown
from services.membership.domain.directory.directory import Scope
from services.membership.storage.access.clients import find_client
from services.membership.usecases.access.create_client import ClientWanted, create_client
from services.membership.usecases.access.disable_client import disable_client
from shared.contracts.membership import TokensRevoked
from shared.db import transaction
from tests.membership.world import World
from tests.support.service import read_outbox


async def test_a_disabled_client_stays_disabled_since_the_first_time(
    world: World, other_world: World
) -> None:
    now, wanted = world.clock(), ClientWanted("staff", "Desk", ("members",), None, None)
    async with transaction(world.engine) as session:
        client, _ = await create_client(session, now, world.program_id, Scope(), wanted)
        await disable_client(session, now, world.program_id, client.client_id)
        later = now + timedelta(days=1)
        await disable_client(session, later, world.program_id, client.client_id)
        found = await find_client(session, client.client_id)
        assert found is not None
        assert found[0].disabled_at == now
    for program_id, client_id in (
        (other_world.program_id, client.client_id),
        (world.program_id, "nobody"),
    ):
        with pytest.raises(ClientUnknown):
            async with transaction(world.engine) as session:
                await disable_client(session, now, program_id, client_id)


async def test_the_tokens_of_a_disabled_client_are_revoked_everywhere(world: World) -> None:
    now, wanted = world.clock(), ClientWanted("staff", "Desk", ("members",), None, None)
    async with transaction(world.engine) as session:
        client, _ = await create_client(session, now, world.program_id, Scope(), wanted)
        await disable_client(session, now, world.program_id, client.client_id)
    told = (await read_outbox(world.engine, world.program_id))[-1]
    assert isinstance(told, TokensRevoked)
    assert (told.revoked_by, told.value, told.revoked_at) == ("subject", client.client_id, now)
