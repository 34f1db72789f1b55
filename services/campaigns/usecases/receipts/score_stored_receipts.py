"""Judge stored receipts again, a batch a step: for campaigns that start in the past, say."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.errors import ReceiptMoved
from services.campaigns.domain.receipts.receipts import to_be_judged
from services.campaigns.storage.directory.members import lock_members
from services.campaigns.storage.receipts.parties import list_parties
from services.campaigns.storage.receipts.receipts import lock_receipts
from services.campaigns.storage.receipts.rescores import (
    list_next_receipts,
    move_rescore,
    take_rescore,
)
from services.campaigns.storage.rewards.decisions import Scene
from services.campaigns.storage.rules.handbook import share_handbook
from services.campaigns.usecases.rewards.settle_rewards import settle_rewards


async def score_stored_receipts(
    session: AsyncSession, now: datetime, batch_receipts_max: int
) -> int:
    """One step of the oldest open order. Returns 1 if there was one, 0 when nothing is due."""
    rescore = await take_rescore(session)
    if rescore is None:
        return 0
    program_id = rescore.program_id
    handbook = await share_handbook(session, program_id)
    places = await list_next_receipts(session, rescore, batch_receipts_max)
    if places:
        receipt_ids = [receipt_id for _, receipt_id in places]
        parties = await list_parties(session, program_id, receipt_ids)
        members = await lock_members(session, program_id, parties)
        receipts = to_be_judged((await lock_receipts(session, program_id, receipt_ids)).values())
        if any(r.member_id and r.member_id not in members for r in receipts.values()):
            raise ReceiptMoved("A receipt got its member while it was judged again.")
        scene = Scene(program_id, now, handbook, members, receipts, reason=rescore.cause)
        await settle_rewards(session, scene)
    await move_rescore(session, now, rescore, places)
    return 1
