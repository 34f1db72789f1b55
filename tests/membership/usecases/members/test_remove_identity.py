"""Forgetting identities."""

from uuid import UUID

import pytest

from services.membership.domain.members.errors import IdentityUnknown, PhoneNeeded
from services.membership.queries.members.members import find_member
from services.membership.usecases.members.add_identity import add_identity
from services.membership.usecases.members.remove_identity import remove_identity
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World


async def _remove(world: World, member_id: UUID, identity_id: UUID) -> None:
    async with transaction(world.engine) as session:
        await remove_identity(session, world.clock(), world.program_id, member_id, identity_id)


async def test_an_identity_that_is_removed_is_free_for_others(world: World) -> None:
    wang, li = await world.enrol_one(), await world.enrol_one("13800138001")
    keys = world.settings.program_keys(world.program_id)
    for member in (wang, li):
        async with transaction(world.engine) as session:
            added = await add_identity(
                session,
                world.clock(),
                world.program_id,
                keys,
                member.member_id,
                "card",
                "VIP-1",
                False,
            )
        with pytest.raises(IdentityUnknown):
            await _remove(world, new_id(), added.identity_id)
        await _remove(world, member.member_id, added.identity_id)
        with pytest.raises(IdentityUnknown):
            await _remove(world, member.member_id, added.identity_id)


async def test_a_members_phone_stays(world: World) -> None:
    member = await world.enrol_one()
    keys = world.settings.program_keys(world.program_id)
    async with transaction(world.engine) as session:
        view = await find_member(session, world.program_id, keys, member.member_id)
    assert view is not None
    with pytest.raises(PhoneNeeded):
        await _remove(world, member.member_id, view.identities[0].identity_id)
    async with transaction(world.engine) as session:
        again = await find_member(session, world.program_id, keys, member.member_id)
    assert again == view
