"""Bring malls, brands, categories, shops and tills to what somebody wants."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.directory.directory import Scope
from services.membership.domain.directory.directory_plan import (
    Directory,
    DirectoryWanted,
    Outcome,
    plan_directory,
)
from services.membership.storage.directory.directory import load_directory, store_directory
from services.membership.storage.directory.directory_news import directory_news
from services.membership.storage.programs.programs import lock_program
from shared.ids import new_id
from shared.outbox import tell


async def put_directory(
    session: AsyncSession, now: datetime, program_id: UUID, scope: Scope, wanted: DirectoryWanted
) -> tuple[list[Outcome], Directory]:
    """One outcome an item, in order, and the directory as it then is, where it was touched."""
    program = await lock_program(session, program_id)
    known = await load_directory(session, program_id, wanted)
    plan = plan_directory(known, wanted, scope, program.currency, new_id)
    await store_directory(session, program_id, plan)
    await tell(session, directory_news(program_id, now, plan, known))
    return plan.outcomes, known
