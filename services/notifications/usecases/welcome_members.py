"""Members are told by membership: keep the copy, and let go what waited for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.directory import Newcomer
from services.notifications.domain.locales import choose_locale
from services.notifications.storage.members import lock_members, update_members
from services.notifications.storage.plans import plan_waiting
from services.notifications.storage.templates import list_versions_in_force
from shared.errors import Invariant


async def welcome_members(
    session: AsyncSession, now: datetime, program_id: UUID, newcomers: Sequence[Newcomer]
) -> int:
    """Write the members' copies and plan what waited. Returns how many messages waited.

    Told again (an import, an announcement), the copy takes the newest; of one batch, the last.
    """
    latest = {n.member_id: replace(n, locale=choose_locale(n.locale)) for n in newcomers}
    if not latest:
        return 0
    await lock_members(session, program_id, list(latest))
    versions = await list_versions_in_force(session, program_id)
    if await update_members(session, program_id, list(latest.values())) != len(latest):
        raise Invariant("A locked member's row was not written")
    locales = {n.member_id: n.locale for n in latest.values()}
    return await plan_waiting(session, program_id, locales, versions, now)
