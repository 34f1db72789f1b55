"""Tell of tiers whose validity has ended, and of purchases whose instant has come."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.tiers.assessment import assess
from services.membership.storage.members.member_news import tier_news
from services.membership.storage.programs.programs import get_program
from services.membership.storage.tiers.tier_schemes import get_schemes
from services.membership.storage.tiers.tiers import (
    find_program_with_due_tiers,
    list_credits,
    lock_due_tiers,
    update_member_tiers,
)
from shared.outbox import tell

MEMBERS_A_STEP = 1_000


async def reassess_tiers(session: AsyncSession, now: datetime) -> int:
    """One step: up to a thousand members of one programme. Returns how many; 0 when none is due."""
    program_id = await find_program_with_due_tiers(session, now)
    if program_id is None:
        return 0
    program = await get_program(session, program_id)
    schemes = await get_schemes(session, program_id)
    states = await lock_due_tiers(session, program_id, now, MEMBERS_A_STEP)
    credits = await list_credits(session, program_id, list(states))
    assessments = [
        assess(state, credits.get(member_id, ()), schemes, program.zone, now)
        for member_id, state in states.items()
    ]
    await update_member_tiers(session, program_id, assessments)
    await tell(session, tier_news(program_id, assessments, now, {}))
    return len(assessments)
