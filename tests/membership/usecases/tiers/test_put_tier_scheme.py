"""Versions of the tiers."""

import pytest

from services.membership.domain.tiers.errors import TierCodeRemoved
from services.membership.domain.tiers.tiers import Tier
from services.membership.queries.tiers.recompute_tiers import recompute_tiers
from services.membership.usecases.tiers.put_tier_scheme import put_tier_scheme
from shared.contracts.membership import TierSchemeChanged
from shared.db import transaction
from tests.membership.world import TIERS, World
from tests.support.service import read_outbox

DEARER = (TIERS[0], Tier("silver", "Silver", 1, 50_000), Tier("gold", "Gold", 2, 90_000))


async def _put(world: World, tiers: tuple[Tier, ...]) -> int:
    async with transaction(world.engine) as session:
        scheme = await put_tier_scheme(session, world.clock(), world.program_id, 365, 365, tiers)
    return scheme.version


async def test_the_same_tiers_are_the_same_version_and_told_once(world: World) -> None:
    assert [await _put(world, TIERS), await _put(world, DEARER), await _put(world, DEARER)] == [
        1,
        2,
        2,
    ]
    events = await read_outbox(world.engine, world.program_id)
    assert [e.version for e in events if isinstance(e, TierSchemeChanged)] == [1, 2]


async def test_dearer_tiers_take_nothing_from_those_who_have_theirs(world: World) -> None:
    old, new = await world.enrol_one("13800138000", 9), await world.enrol_one("13800138001", 9)
    await world.buy(world.sale(old.member_id, 10_000, days_ago=1))
    await _put(world, DEARER)
    world.clock.advance(hours=1)
    await world.buy(world.sale(new.member_id, 10_000), world.sale(old.member_id, 1))
    again = {
        m.member_id: m.tier for m in (await world.enrol_one(), await world.enrol_one("13800138001"))
    }
    assert (again[old.member_id], again[new.member_id]) == ("silver", "bronze")
    async with transaction(world.engine) as session:
        assert await recompute_tiers(session, world.program_id) == []


async def test_a_tier_is_never_taken_out_of_the_scheme(world: World) -> None:
    with pytest.raises(TierCodeRemoved):
        await _put(world, TIERS[:2])
