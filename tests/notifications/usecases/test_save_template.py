import asyncio
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.default_templates import DEFAULTS
from services.notifications.domain.errors import TemplateVariableUnknown
from services.notifications.domain.wording import Wording
from services.notifications.usecases.save_template import save_template
from shared.db import driver, transaction
from tests.support.clock import NOON

KIND = CauseKind.TIER_UP


async def save(session: AsyncSession, program_id: UUID, title: str) -> int:
    wording = Wording(title, "{{ tier_name }}")
    return await save_template(session, NOON, program_id, KIND, "en", wording, "staff-1")


async def test_each_new_wording_is_a_new_version(session: AsyncSession, program_id: UUID) -> None:
    assert [await save(session, program_id, t) for t in ("one", "two", "one")] == [1, 2, 3]


async def test_the_words_in_force_make_no_new_version(
    session: AsyncSession, program_id: UUID
) -> None:
    own = DEFAULTS[KIND, "en"]
    assert await save_template(session, NOON, program_id, KIND, "en", own, "staff-1") == 0
    assert [await save(session, program_id, "one") for _ in range(2)] == [1, 1]


async def test_a_wrong_template_leaves_the_one_in_force(
    session: AsyncSession, program_id: UUID
) -> None:
    with pytest.raises(TemplateVariableUnknown):
        await save(session, program_id, "{{ points }}")
    assert await save(session, program_id, "one") == 1


async def test_two_who_write_at_once_make_two_versions(
    engine: AsyncEngine, program_id: UUID
) -> None:
    async def write(title: str) -> int:
        async with transaction(engine) as session:
            return await save(session, program_id, title)

    versions = await asyncio.gather(*(write(f"by {n}") for n in range(5)))
    assert sorted(versions) == [1, 2, 3, 4, 5]
    async with transaction(engine) as session:
        head = await (await driver(session)).fetchval("SELECT version FROM template_head")
    assert head == 5
