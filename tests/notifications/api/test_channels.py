from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifications.__main__ import SERVICE
from services.notifications.settings import NotificationsSettings
from tests.notifications.hearsay import Hearsay
from tests.support.service import make_runtime, make_settings, open_client
from tests.support.tokens import staff_headers


async def test_staff_choose_the_channels_of_their_programme(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["templates"])
    assert (await client.get("/v1/channels", headers=staff)).json() == {"channels": ["inbox"]}
    both = {"channels": ["file", "inbox", "file"]}
    chosen = (await client.put("/v1/channels", json=both, headers=staff)).json()
    assert chosen == {"channels": ["inbox", "file"]}
    assert (await client.get("/v1/channels", headers=staff)).json() == chosen

    await hearsay.hear(hearsay.enrolled())
    assert len(await hearsay.messages()) == 2


async def test_without_a_folder_the_file_channel_cannot_be_chosen(
    hearsay: Hearsay, settings: NotificationsSettings, engine: AsyncEngine
) -> None:
    plain = make_settings(NotificationsSettings, settings.database_url)
    runtime = make_runtime("notifications", plain, engine, hearsay.clock, SERVICE.handlers)
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["templates"])
    async with open_client(SERVICE.build_app(runtime, ())) as client:
        answer = await client.put("/v1/channels", json={"channels": ["file"]}, headers=staff)
        assert (answer.status_code, answer.json()["code"]) == (422, "channel_unavailable_here")
        answer = await client.put("/v1/channels", json={"channels": ["inbox"]}, headers=staff)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"channels": []},
        {"channels": ["pigeon"]},
        {"channels": ["inbox"] * 11},
        {"channels": "inbox"},
        {"channels": [1]},
        {},
    ],
)
async def test_a_choice_that_is_none_is_refused(
    hearsay: Hearsay, client: httpx.AsyncClient, body: Any
) -> None:
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["templates"])
    answer = await client.put("/v1/channels", json=body, headers=staff)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_channels_are_for_staff_with_the_role(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["messages"])
    body = {"channels": ["inbox"]}
    assert (await client.get("/v1/channels", headers=staff)).status_code == 403
    assert (await client.put("/v1/channels", json=body, headers=staff)).status_code == 403
