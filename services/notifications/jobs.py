"""What notifications does by itself: send what is due, a channel a job."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.notifications.channels.file import send_to_file
from services.notifications.domain.gate import GateRules
from services.notifications.domain.messages import Channel
from services.notifications.settings import NotificationsSettings
from services.notifications.usecases.confirm_sent_messages import confirm_sent_messages
from services.notifications.usecases.send_due_messages import Sending, send_due_messages
from shared.db import transaction
from shared.schedule import Job
from shared.settings import ServiceSettings


def jobs(settings: ServiceSettings) -> Sequence[Job]:
    """The inbox always; the file channel where a folder is set. Any number of processes may run
    them: each takes the messages that nobody else holds.
    """
    assert isinstance(settings, NotificationsSettings)
    every = timedelta(seconds=settings.send_every_seconds)
    rules = GateRules(settings.message_ttl, timedelta(seconds=settings.defer_seconds))

    async def send(session: AsyncSession, now: datetime, channel: Channel) -> Sending:
        count_max = settings.send_batch_messages_max
        return await send_due_messages(session, now, channel, rules, settings.send_lease, count_max)

    async def send_inbox(session: AsyncSession, now: datetime) -> int:
        return (await send(session, now, Channel.INBOX)).decided

    found = [Job("send_due_messages", every, send_inbox, once_a_period=False)]
    if settings.file_folder is not None:
        folder: Path = settings.file_folder

        async def send_file(session: AsyncSession, now: datetime) -> int:
            # The step's own session has issued nothing, so it holds no connection: the channel is
            # worked between two transactions of its own, never inside one.
            engine = session.bind
            assert isinstance(engine, AsyncEngine)
            async with transaction(engine) as claiming:
                sending = await send(claiming, now, Channel.FILE)
            if sending.outgoing:
                await send_to_file(folder, sending.outgoing, now)
                async with transaction(engine) as confirming:
                    await confirm_sent_messages(confirming, now, sending.outgoing)
            return sending.decided

        found.append(Job("send_due_messages_to_file", every, send_file, once_a_period=False))
    return found
