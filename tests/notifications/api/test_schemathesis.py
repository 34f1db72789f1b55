"""The OpenAPI document of notifications keeps its word."""

from collections.abc import Mapping

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifications.__main__ import SERVICE
from services.notifications.settings import NotificationsSettings
from tests.notifications.hearsay import Hearsay
from tests.support.clock import HandClock
from tests.support.schema_checks import check_schema
from tests.support.service import make_runtime
from tests.support.tokens import member_headers, staff_headers


async def test_the_document_keeps_its_word_to_staff_and_members(
    hearsay: Hearsay,
    client: httpx.AsyncClient,
    settings: NotificationsSettings,
    engine: AsyncEngine,
    clock: HandClock,
) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(hearsay.tiers(), member, hearsay.granted(member.member_id))
    await hearsay.send()
    (message, *_) = await hearsay.messages()
    known = {
        "member_id": str(member.member_id),
        "message_id": str(message["message_id"]),
        "cause": "enrolled",
        "locale": "en",
    }

    def as_staff(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return staff_headers(clock, hearsay.program_id)

    def as_member(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return member_headers(clock, hearsay.program_id, member.member_id)

    def as_nobody(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return {}

    runtime = make_runtime("notifications", settings, engine, clock, SERVICE.handlers)
    document = SERVICE.build_app(runtime, ()).openapi()
    assert await check_schema(client, document, as_staff, known=known) > 150
    assert await check_schema(client, document, as_member, known=known, examples=9) > 90
    assert await check_schema(client, document, as_nobody, known=known, examples=3) > 30
    assert await hearsay.broken() == {}
