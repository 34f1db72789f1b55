"""New keys for tills."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.domain.directory.directory import Scope
from services.membership.domain.directory.errors import OutOfScope, ThingUnknown
from services.membership.usecases.directory.rotate_till_key import rotate_till_key
from shared.contracts.membership import TillChanged
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World
from tests.support.service import read_outbox

OVERLAP = timedelta(hours=24)


async def test_each_rotation_is_the_next_version_and_the_one_before_overlaps(
    world: World, wide_engine: AsyncEngine
) -> None:
    async def rotate() -> int:
        async with transaction(wide_engine) as session:
            args = (session, world.clock(), world.program_id, Scope(), "r-101", "T1", OVERLAP)
            return (await rotate_till_key(*args)).key_version

    assert sorted(await asyncio.gather(*(rotate() for _ in range(8)))) == list(range(2, 10))
    events = await read_outbox(world.engine, world.program_id)
    told = [event for event in events if isinstance(event, TillChanged)]
    assert [(t.key_version, t.revision) for t in told] == [(n, n) for n in range(1, 10)]
    assert told[-1].previous_key_until == world.clock() + OVERLAP


async def test_a_till_that_is_not_there_or_not_ones_own_is_refused(world: World) -> None:
    for code, till_id, scope, error in (
        ("r-101", "T9", Scope(), ThingUnknown),
        ("none", "T1", Scope(), ThingUnknown),
        ("r-101", "T1", Scope(frozenset({new_id()})), OutOfScope),
    ):
        with pytest.raises(error):
            async with transaction(world.engine) as session:
                await rotate_till_key(
                    session, world.clock(), world.program_id, scope, code, till_id, OVERLAP
                )
