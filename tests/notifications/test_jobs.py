import json
from pathlib import Path

import pytest

from services.notifications.channels.file import FileChannelUnavailable
from services.notifications.domain.messages import Channel
from services.notifications.jobs import jobs
from services.notifications.settings import NotificationsSettings
from shared.schedule import run_step
from tests.notifications.hearsay import Hearsay
from tests.support.service import make_settings, read_outbox


async def run_all(hearsay: Hearsay, settings: NotificationsSettings) -> dict[str, int]:
    """Every job once, as the process would."""
    return {j.name: await run_step(hearsay.engine, j, hearsay.clock()) for j in jobs(settings)}


def lines(settings: NotificationsSettings) -> list[dict[str, str]]:
    assert settings.file_folder is not None
    return [
        json.loads(line)
        for path in sorted(settings.file_folder.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


async def test_a_programme_with_both_channels_has_its_messages_in_both(
    hearsay: Hearsay, settings: NotificationsSettings
) -> None:
    await hearsay.choose(*Channel)
    await hearsay.hear(hearsay.enrolled(), hearsay.enrolled(), hearsay.tiers())
    done = await run_all(hearsay, settings)
    assert done == {"send_due_messages": 2, "send_due_messages_to_file": 2}
    assert await run_all(hearsay, settings) == dict.fromkeys(done, 0)
    assert len(lines(settings)) == 2
    assert len(await read_outbox(hearsay.engine, hearsay.program_id)) == 4
    assert await hearsay.broken() == {}


async def test_a_worker_that_dies_between_sending_and_marking_sends_the_same_id_again(
    hearsay: Hearsay, settings: NotificationsSettings
) -> None:
    from services.notifications.channels.file import send_to_file

    await hearsay.choose(Channel.FILE)
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    assert settings.file_folder is not None
    handed_over = (await hearsay.send(Channel.FILE)).outgoing
    await send_to_file(settings.file_folder, handed_over, hearsay.clock())
    # Here the worker is gone. Nobody confirms; the lease ends; another one takes over.
    hearsay.clock.advance(seconds=61)
    await run_all(hearsay, settings)
    first, second = lines(settings)
    assert first["message_id"] == second["message_id"]
    assert len(await read_outbox(hearsay.engine, hearsay.program_id)) == 1
    assert await hearsay.broken() == {}


async def test_a_file_that_cannot_be_written_loses_no_message(
    hearsay: Hearsay, settings: NotificationsSettings
) -> None:
    await hearsay.choose(Channel.FILE)
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    folder = settings.file_folder
    assert folder is not None
    folder.write_text("in the way")
    with pytest.raises(FileChannelUnavailable):
        await run_all(hearsay, settings)
    assert (await hearsay.messages())[0]["state"] == "sending"

    folder.unlink()
    hearsay.clock.advance(seconds=61)
    await run_all(hearsay, settings)
    assert (await hearsay.messages())[0]["state"] == "sent"
    assert len(lines(settings)) == 1


def test_without_a_folder_there_is_no_job_for_files(settings: NotificationsSettings) -> None:
    plain = make_settings(NotificationsSettings, settings.database_url)
    assert [j.name for j in jobs(plain)] == ["send_due_messages"]


def test_jobs_take_turns_and_not_periods(settings: NotificationsSettings, tmp_path: Path) -> None:
    assert not any(j.once_a_period for j in jobs(settings))
