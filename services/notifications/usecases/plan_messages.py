"""Something happened to members: a message row for each, once for ever."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import metrics
from services.notifications.domain.causes import Cause
from services.notifications.domain.messages import Channel
from services.notifications.storage.channels import list_channels
from services.notifications.storage.members import lock_members
from services.notifications.storage.plans import Plan, insert_plans
from services.notifications.storage.templates import list_versions_in_force
from shared.ids import new_id


async def plan_messages(
    session: AsyncSession, now: datetime, program_id: UUID, causes: Sequence[Cause]
) -> int:
    """Plan a message per cause and channel of the programme. Returns how many were new.

    A cause that was planned before is passed over. A cause of a member who has not been heard of
    waits in the row that the member's enrolment will lock (`welcome_members`).
    """
    if not causes:
        return 0
    locales = await lock_members(session, program_id, [c.member_id for c in causes])
    versions = await list_versions_in_force(session, program_id)
    channels = await list_channels(session, program_id)
    pairs = [(cause, channel) for cause in causes for channel in channels]
    # Ids of one millisecond are in no order; sorted, the inbox shows causes as they were heard.
    ids = sorted(new_id() for _ in pairs)
    plans = [
        _plan(message_id, cause, channel, locales[cause.member_id], versions)
        for message_id, (cause, channel) in zip(ids, pairs, strict=True)
    ]
    planned = await insert_plans(session, program_id, plans, now)
    for kind in set(planned):
        metrics.MESSAGES_PLANNED.labels(kind).inc(planned.count(kind))
    return len(planned)


def _plan(
    message_id: UUID,
    cause: Cause,
    channel: Channel,
    locale: str | None,
    versions: Mapping[tuple[str, str], int],
) -> Plan:
    version = None if locale is None else versions.get((cause.kind.value, locale), 0)
    return Plan(message_id, cause, channel, locale, version)
