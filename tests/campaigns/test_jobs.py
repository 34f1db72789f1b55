"""What campaigns does by itself."""

from datetime import timedelta

from services.campaigns.jobs import jobs
from services.campaigns.settings import CampaignsSettings
from shared.schedule import run_step
from tests.campaigns.world import World, multiply
from tests.support.service import make_settings


async def test_jobs_score_stored_receipts_and_forget_old_keys(world: World) -> None:
    settings = make_settings(CampaignsSettings, "postgresql://unused", request_key_days=1)
    score, forget = jobs(settings)
    assert await run_step(world.engine, score, world.clock()) == 0
    await world.publish(multiply())
    assert await run_step(world.engine, forget, world.clock() + timedelta(days=2)) >= 1
