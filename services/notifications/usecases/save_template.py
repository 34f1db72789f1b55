"""Staff write a template: a new version, in force at once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.default_templates import DEFAULTS
from services.notifications.domain.wording import Wording, check_wording
from services.notifications.storage.templates import find_template, insert_template, lock_head


async def save_template(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    kind: CauseKind,
    locale: str,
    wording: Wording,
    by: str,
) -> int:
    """Returns the version in force. The words in force sent again make no new version.

    Raises `TemplateMalformed`, `TemplateConstructRefused`, `TemplateVariableUnknown` or
    `TemplateBlank`. Messages planned before keep the version that they were planned with.
    """
    check_wording(kind, wording)
    version = await lock_head(session, program_id, kind, locale)
    in_force = (
        DEFAULTS[kind, locale]
        if version == 0
        else await find_template(session, program_id, kind, locale, version)
    )
    if in_force == wording:
        return version
    await insert_template(session, program_id, (kind, locale, version + 1), wording, now, by)
    return version + 1
