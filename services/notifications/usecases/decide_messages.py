"""What becomes of messages now: the gate, and words from the copies and templates of the moment."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.dispatch import Decision, dispatch
from services.notifications.domain.gate import GateRules
from services.notifications.domain.messages import DueMessage
from services.notifications.storage.copies import get_directory
from services.notifications.storage.templates import find_templates


async def decide_messages(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    due: Sequence[DueMessage],
    rules: GateRules,
) -> list[Decision]:
    """One decision a message of the programme, in order. Nothing is written."""
    if not due:
        return []
    directory = await get_directory(session, program_id, sorted({m.member_id for m in due}))
    wanted = {(m.kind, m.locale, m.template_version) for m in due}
    templates = await find_templates(session, program_id, wanted)
    return [dispatch(message, directory, templates, now, rules) for message in due]
