"""Bring every reward that some receipts touch to what all facts together say it should be."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.rulebook import meet
from services.campaigns.storage.rewards.decisions import Decisions, Scene, write_decisions
from services.campaigns.usecases.rewards.settle_bonuses import settle_bonuses
from services.campaigns.usecases.rewards.settle_families import settle_families


async def settle_rewards(session: AsyncSession, scene: Scene) -> None:
    """Recompute, compare with what is stored, write and tell the difference.

    The scene's members and receipts are locked by the caller. Because the wanted state is computed
    from facts alone, it does not matter in which order they came, nor how often.
    """
    if not scene.receipts:
        return
    decisions = Decisions()
    meetings = [meet(scene.handbook.rules, receipt) for receipt in scene.receipts.values()]
    await settle_bonuses(session, scene, meetings, decisions)
    await settle_families(session, scene, meetings, decisions)
    await write_decisions(session, scene, decisions)
