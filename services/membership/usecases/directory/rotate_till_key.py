"""Give a till the next version of its key."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.directory.directory import Scope, Till, check_scope
from services.membership.domain.directory.errors import ThingUnknown
from services.membership.storage.directory.directory import lock_till, store_tills
from services.membership.storage.directory.directory_news import as_news, till_changed
from services.membership.storage.programs.programs import lock_program
from shared.outbox import tell


async def rotate_till_key(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    scope: Scope,
    shop_code: str,
    till_id: str,
    overlap: timedelta,
) -> Till:
    """The till with its next key; the one before is good for `overlap`, older ones no more.

    Raises `ThingUnknown`, `OutOfScope`.
    """
    await lock_program(session, program_id)
    found = await lock_till(session, program_id, shop_code, till_id)
    if found is None:
        raise ThingUnknown("No such till.")
    till, mall_id = found
    check_scope(scope, mall_id, till.shop_id)
    till = replace(
        till,
        key_version=till.key_version + 1,
        previous_key_until=now + overlap,
        revision=till.revision + 1,
    )
    await store_tills(session, program_id, [till])
    await tell(session, as_news([till_changed(program_id, till)], now))
    return till
