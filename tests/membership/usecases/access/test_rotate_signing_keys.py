"""Rotation under load."""

import asyncio
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.queries.access.jwks import read_jwks
from services.membership.queries.invariants import check_invariants
from services.membership.usecases.access.rotate_signing_keys import rotate_signing_keys
from shared.db import transaction
from tests.membership.world import World


async def test_rotations_at_once_leave_one_key_that_signs_and_publish_all(
    world: World, wide_engine: AsyncEngine
) -> None:
    async def rotate() -> str:
        async with transaction(wide_engine) as session:
            key = world.settings.token_sealing_key
            return await rotate_signing_keys(session, world.clock(), key, timedelta(seconds=900))

    kids = set(await asyncio.gather(*(rotate() for _ in range(8))))
    async with transaction(world.engine) as session:
        published = {k["kid"] for k in (await read_jwks(session, world.clock()))["keys"]}
        assert (await check_invariants(session))["one_active_signing_key_at_most"] == 0
    assert kids <= published
