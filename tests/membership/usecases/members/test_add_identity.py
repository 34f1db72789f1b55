"""One member, many ways to be known."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.domain.members.errors import IdentityInvalid, IdentityTaken, MemberUnknown
from services.membership.domain.members.identities import IdentityType
from services.membership.queries.invariants import check_invariants
from services.membership.queries.members.members import find_member
from services.membership.usecases.members.add_identity import IdentityAdded, add_identity
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


async def _add(
    world: World,
    member_id: UUID,
    kind: IdentityType,
    value: str,
    *,
    is_verified: bool = False,
    engine: AsyncEngine | None = None,
) -> IdentityAdded:
    keys = world.settings.program_keys(world.program_id)
    async with transaction(engine or world.engine) as session:
        return await add_identity(
            session, world.clock(), world.program_id, keys, member_id, kind, value, is_verified
        )


async def _identities(world: World, member_id: UUID) -> dict[str, str]:
    keys = world.settings.program_keys(world.program_id)
    async with transaction(world.engine) as session:
        view = await find_member(session, world.program_id, keys, member_id)
        assert not any((await check_invariants(session)).values())
    assert view is not None
    return {identity.type: identity.value for identity in view.identities}


async def test_an_identity_is_added_once_and_verified_later(world: World) -> None:
    member = await world.enrol_one()
    first = await _add(world, member.member_id, "wechat_openid", OPENID)
    later = await _add(world, member.member_id, "wechat_openid", OPENID, is_verified=True)
    world.clock.advance(days=1)
    last = await _add(world, member.member_id, "wechat_openid", OPENID, is_verified=True)
    assert (first.is_new, later.is_new) == (True, False)
    assert first.identity_id == later.identity_id
    assert (first.verified_at, later.verified_at) == (None, last.verified_at)
    assert await _identities(world, member.member_id) == {
        "phone": "+8613800138000",
        "wechat_openid": OPENID,
    }


async def test_an_identity_is_one_members(world: World) -> None:
    wang, li = await world.enrol_one(), await world.enrol_one("13800138001")
    await _add(world, wang.member_id, "plate", "沪A12345")
    for kind, value in (("plate", "沪a 12345"), ("phone", "13800138000")):
        with pytest.raises(IdentityTaken):
            await _add(world, li.member_id, kind, value)  # type: ignore[arg-type]
    assert "phone" in await _identities(world, li.member_id)


async def test_a_new_phone_takes_the_place_of_the_old_one_which_is_free_again(
    world: World,
) -> None:
    wang = await world.enrol_one()
    await _add(world, wang.member_id, "phone", "13900139000", is_verified=True)
    assert await _identities(world, wang.member_id) == {"phone": "+8613900139000"}
    newcomer = await world.enrol_one("13800138000")
    assert newcomer.member_id != wang.member_id


async def test_of_many_who_claim_an_identity_at_once_one_gets_it(
    world: World, wide_engine: AsyncEngine
) -> None:
    members = [await world.enrol_one(f"1380013800{n}") for n in range(8)]

    async def claim(member_id: UUID) -> bool:
        try:
            await _add(world, member_id, "card", "VIP-1", engine=wide_engine)
        except IdentityTaken:
            return False
        return True

    assert sum(await asyncio.gather(*(claim(m.member_id) for m in members))) == 1


async def test_nobody_and_nonsense_are_refused(world: World, other_world: World) -> None:
    member, stranger = await world.enrol_one(), await other_world.enrol_one()
    for nobody in (new_id(), stranger.member_id):
        with pytest.raises(MemberUnknown):
            await _add(world, nobody, "card", "VIP-1")
    with pytest.raises(IdentityInvalid):
        await _add(world, member.member_id, "email", "nonsense")
