"""A programme is made once."""

import pytest

from services.membership.domain.access.errors import ClientIdTaken
from services.membership.domain.directory.errors import TimeZoneUnknown
from services.membership.storage.access.clients import get_proven_client
from services.membership.usecases.programs.create_program import (
    ProgramCreated,
    ProgramWanted,
    create_program,
)
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World


def _wanted(client_id: str, **more: object) -> ProgramWanted:
    values = {"name": "R", "currency": "CNY", "region": "CN", "time_zone": "Asia/Shanghai"}
    return ProgramWanted(client_id=client_id, **{**values, **more})  # type: ignore[arg-type]


async def _create(world: World, wanted: ProgramWanted) -> ProgramCreated:
    async with transaction(world.engine) as session:
        return await create_program(session, world.clock(), wanted)


async def test_the_same_command_again_finds_the_programme_and_keeps_its_secret_to_itself(
    world: World,
) -> None:
    client_id = f"admin-{new_id().hex}"
    first = await _create(world, _wanted(client_id))
    again = await _create(world, _wanted(client_id))
    assert (again.program_id, again.client_secret) == (first.program_id, None)
    assert first.client_secret is not None
    async with transaction(world.engine) as session:
        client = await get_proven_client(session, client_id, first.client_secret)
    assert (client.kind, client.roles) == ("staff", ("admin",))


async def test_a_secret_that_is_given_becomes_the_clients(world: World) -> None:
    client_id, program_id = f"admin-{new_id().hex}", new_id()
    made = await _create(world, _wanted(client_id, program_id=program_id, client_secret="one"))
    assert made == ProgramCreated(program_id, client_id, "one")
    for _ in range(2):
        again = await _create(world, _wanted(client_id, client_secret="two"))
        assert again == ProgramCreated(program_id, client_id, "two")
    async with transaction(world.engine) as session:
        await get_proven_client(session, client_id, "two")


async def test_a_client_id_of_another_programme_is_taken(world: World) -> None:
    client_id = f"admin-{new_id().hex}"
    await _create(world, _wanted(client_id))
    with pytest.raises(ClientIdTaken):
        await _create(world, _wanted(client_id, program_id=new_id()))


async def test_a_programme_needs_a_zone_that_exists(world: World) -> None:
    with pytest.raises(TimeZoneUnknown):
        await _create(world, _wanted("x", time_zone="Moon/Base"))
