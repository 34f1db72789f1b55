"""I14: a member's tiers are a function of what they bought. Works it out anew and compares."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.tiers.tiers import tier_timeline
from services.membership.storage.programs.programs import get_program
from services.membership.storage.tiers.tier_schemes import get_schemes
from services.membership.storage.tiers.tiers import list_credits, lock_member_tiers, page_member_ids

MEMBERS_A_PAGE = 1_000


async def recompute_tiers(session: AsyncSession, program_id: UUID) -> list[UUID]:
    """The members whose stored history differs from the recomputed one; empty when all is well."""
    program = await get_program(session, program_id)
    schemes = await get_schemes(session, program_id)
    wrong: list[UUID] = []
    after = UUID(int=0)
    while page := await page_member_ids(session, program_id, after, MEMBERS_A_PAGE):
        states = await lock_member_tiers(session, program_id, page)
        credits = await list_credits(session, program_id, page)
        for member_id, state in states.items():
            history = tier_timeline(
                credits.get(member_id, ()),
                schemes,
                state.enrolled_at,
                program.zone,
                state.assessed_until,
            )
            if history.intervals != state.timeline:
                wrong.append(member_id)
        after = page[-1]
    return wrong
