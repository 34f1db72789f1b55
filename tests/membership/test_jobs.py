"""What membership does by itself."""

from datetime import timedelta

from services.membership.jobs import jobs
from services.membership.settings import MembershipSettings
from services.membership.storage.idempotency import claim_key, store_answer
from shared.db import transaction
from shared.schedule import run_step
from tests.membership.world import World


async def test_kept_answers_are_forgotten_when_they_are_old(
    world: World, settings: MembershipSettings
) -> None:
    forget = next(job for job in jobs(settings) if job.name == "forget_answers")
    async with transaction(world.engine) as session:
        assert await claim_key(session, world.program_id, "op", "k", b"h", world.clock()) is None
        await store_answer(session, world.program_id, "op", "k", b"sealed")
    async with transaction(world.engine) as session:
        assert (
            await claim_key(session, world.program_id, "op", "k", b"h", world.clock()) == b"sealed"
        )
    later = world.clock() + timedelta(hours=settings.idempotency_hours, seconds=1)
    while await run_step(world.engine, forget, later):
        pass
    async with transaction(world.engine) as session:
        assert await claim_key(session, world.program_id, "op", "k", b"h", world.clock()) is None
