"""Asking for files: of members that there are, and not without end."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.points.domain.ledger.errors import MemberUnknown
from services.points.storage.accounting.exports import ExportAsked
from services.points.usecases.accounting.ask_export import STAFF_OPEN_MAX, ask_export
from shared.db import transaction
from shared.ids import new_id
from tests.points.exporting import EXPORTS, ask_ledger, write_until_ready
from tests.points.mall import Mall


async def test_a_statement_of_nobody_is_refused(mall: Mall) -> None:
    with pytest.raises(MemberUnknown):
        async with transaction(mall.engine) as session:
            await ask_export(
                session,
                mall.clock(),
                mall.program_id,
                new_id(),
                ExportAsked(new_id(), None, None, "x"),
                is_member=False,
            )


async def ask_statement(mall: Mall, member_id: UUID, day: int) -> Any:
    """What was recorded before that day of March."""
    until_at = mall.clock().replace(day=day).isoformat()
    return await mall.post(
        f"/v1/members/{member_id}/statement-exports", {"until_at": until_at}, member_id
    )


async def test_a_member_who_asks_without_end_keeps_nobody_from_theirs(mall: Mall) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    answers = [await ask_statement(mall, member_id, day) for day in range(1, 20)]
    assert [answer.status_code for answer in answers] == [202, 202] + [409] * 17
    refused = answers[-1].json()
    assert (refused["code"], refused["open"], refused["open_max"]) == ("too_many_exports", 2, 2)
    assert (await ask_statement(mall, other, 1)).status_code == 202
    address = await ask_ledger(mall)
    await write_until_ready(mall, address)
    await write_until_ready(mall, answers[0].headers["location"])
    assert (await ask_statement(mall, member_id, 25)).status_code == 202


async def test_the_same_asked_again_at_once_is_the_same_file(mall: Mall) -> None:
    member_id = await mall.enrol()
    answers = await asyncio.gather(*(ask_statement(mall, member_id, 5) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    [location] = {answer.headers["location"] for answer in answers}
    await write_until_ready(mall, location)
    assert (await ask_statement(mall, member_id, 5)).headers["location"] != location


async def test_staff_have_some_more_files_open_at_once(mall: Mall) -> None:
    for day in range(1, STAFF_OPEN_MAX + 1):
        await ask_ledger(mall, until_at=f"2026-02-{day:02}T00:00:00Z")
    refused = await mall.client.post(EXPORTS, json={}, headers=mall.staff("points.finance"))
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_exports")
