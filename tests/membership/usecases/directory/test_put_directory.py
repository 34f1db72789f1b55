"""The directory under concurrent hands."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.domain.directory.directory import LabelWanted, Scope
from services.membership.domain.directory.directory_plan import DirectoryWanted
from services.membership.usecases.directory.put_directory import put_directory
from shared.contracts.membership import BrandChanged
from shared.db import transaction
from tests.membership.world import World
from tests.support.service import read_outbox


async def test_many_hands_at_once_make_gapless_revisions_told_in_order(
    world: World, wide_engine: AsyncEngine
) -> None:
    async def rename(number: int) -> None:
        wanted = DirectoryWanted(brands=(LabelWanted("b", f"Name {number}"),))
        async with transaction(wide_engine) as session:
            await put_directory(session, world.clock(), world.program_id, Scope(), wanted)

    await asyncio.gather(*(rename(number) for number in range(32)))
    events = await read_outbox(world.engine, world.program_id)
    told = [event.revision for event in events if isinstance(event, BrandChanged)]
    assert told == list(range(1, 33))
