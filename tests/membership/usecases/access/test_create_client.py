"""Clients and what they may be given."""

import pytest

from services.membership.domain.access.errors import ScopeTooWide
from services.membership.domain.directory.directory import Scope
from services.membership.domain.directory.errors import MallUnknown, ShopUnknown
from services.membership.storage.access.clients import get_proven_client
from services.membership.usecases.access.create_client import ClientWanted, create_client
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World


async def test_a_client_proves_itself_with_the_secret_that_was_shown_once(world: World) -> None:
    wanted = ClientWanted("staff", "Desk", ("members",), (world.mall_id,), (world.till.shop_id,))
    async with transaction(world.engine) as session:
        made, secret = await create_client(
            session, world.clock(), world.program_id, Scope(), wanted
        )
    async with transaction(world.engine) as session:
        assert await get_proven_client(session, made.client_id, secret) == made


async def test_scopes_name_what_exists(world: World, other_world: World) -> None:
    for malls, shops, error in (
        ((other_world.mall_id,), None, MallUnknown),
        (None, (other_world.till.shop_id,), ShopUnknown),
    ):
        with pytest.raises(error):
            async with transaction(world.engine) as session:
                wanted = ClientWanted("staff", "Desk", ("members",), malls, shops)
                await create_client(session, world.clock(), world.program_id, Scope(), wanted)


async def test_a_scoped_administrator_gives_no_more_than_they_have(world: World) -> None:
    own = Scope(frozenset({world.mall_id}))
    async with transaction(world.engine) as session:
        within = ClientWanted("staff", "Desk", ("members",), None, (world.till.shop_id,))
        await create_client(session, world.clock(), world.program_id, own, within)
    for scope, wanted in (
        (own, ClientWanted("staff", "Desk", ("admin",), None, None)),
        (own, ClientWanted("service", "App", ("front_end",), (world.mall_id,), None)),
        (
            Scope(frozenset({new_id()})),
            ClientWanted("staff", "Desk", ("members",), (world.mall_id,), None),
        ),
    ):
        with pytest.raises(ScopeTooWide):
            async with transaction(world.engine) as session:
                await create_client(session, world.clock(), world.program_id, scope, wanted)
