from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.messages import Channel
from services.notifications.storage.channels import list_channels
from services.notifications.usecases.choose_channels import choose_channels
from tests.support.clock import NOON


async def test_a_programme_that_has_not_chosen_uses_the_inbox(
    session: AsyncSession, program_id: UUID
) -> None:
    assert await list_channels(session, program_id) == (Channel.INBOX,)


async def test_the_last_choice_counts_and_each_channel_once(
    session: AsyncSession, program_id: UUID
) -> None:
    twice = [Channel.FILE, Channel.INBOX, Channel.FILE]
    await choose_channels(session, NOON, program_id, [Channel.FILE], "staff-1")
    assert await choose_channels(session, NOON, program_id, twice, "staff-1") == tuple(Channel)
    assert await list_channels(session, program_id) == tuple(Channel)
