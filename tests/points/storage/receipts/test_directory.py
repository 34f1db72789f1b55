"""Who judges receipts by an edition of the rulebook reads a newer one at once, and no other."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.api.receipts.pos_parsing import Reader, read_one
from services.points.settings import PointsSettings
from services.points.storage.receipts.directory import Directory, Rulebooks
from services.points.storage.receipts.plain_sales import glance_at_sales
from services.points.storage.receipts.pos_batch import TillBatch
from shared.db import Statements, open_statements, transaction
from shared.ids import new_id
from tests.points.mall import Mall
from tests.support.service import DEPLOYMENT_KEY


@pytest.fixture
async def statements(settings: PointsSettings) -> AsyncIterator[Statements]:
    """A connection like the committer's."""
    async with open_statements(settings.database_url, 1) as opened:
        yield opened


async def look(mall: Mall, statements: Statements, books: Rulebooks, **fields: Any) -> Directory:
    """What a till of the mall would be judged by now."""
    reader = Reader(mall.program_id, DEPLOYMENT_KEY, 1_000)
    receipt = read_one(reader, to_json(mall.sale(100, **fields)))
    batch = TillBatch(mall.program_id, receipt.key.shop_id, "T1", 1, [receipt])
    return (await glance_at_sales(statements, mall.program_id, books, [batch])).directory


async def edition(mall: Mall) -> int:
    return await mall.count(
        "SELECT edition FROM rulebook WHERE program_id = :program", program=mall.program_id
    )


async def test_what_did_not_change_is_not_read_again(mall: Mall, statements: Statements) -> None:
    books = Rulebooks()
    first = await look(mall, statements, books)
    assert first.shops[mall.shop_id].is_open
    assert await look(mall, statements, books) is first


async def test_a_closed_shop_a_new_key_a_policy_and_rules_of_review_are_known_at_once(
    mall: Mall, statements: Statements
) -> None:
    books = Rulebooks()
    await look(mall, statements, books)
    await mall.open_shop(is_open=False, revision=2)
    assert not (await look(mall, statements, books)).shops[mall.shop_id].is_open
    await mall.hear(mall.till_event(is_active=False, revision=2))
    assert not (await look(mall, statements, books)).tills[mall.shop_id, "T1"].is_active
    assert (await mall.set_policy(minimum_minor=700)).status_code == 201
    assert (await look(mall, statements, books)).policies[-1].minimum_minor == 700
    rules = {"again_days": 2}
    stated = await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    assert stated.is_success, stated.text
    assert (await look(mall, statements, books)).review.again_days == 2


async def test_a_shop_that_was_not_asked_for_before_is_read_and_the_others_stay(
    mall: Mall, statements: Statements
) -> None:
    other = new_id()
    await mall.open_shop(shop_id=other)
    await mall.hear(mall.till_event(shop_id=other))
    books = Rulebooks()
    assert set((await look(mall, statements, books)).shops) == {mall.shop_id}
    both = await look(mall, statements, books, shop_id=str(other))
    assert set(both.shops) == {mall.shop_id, other}
    assert {(mall.shop_id, "T1"), (other, "T1")} <= set(both.tills)
    assert await look(mall, statements, books) is both


async def test_a_transaction_turns_one_edition_however_much_it_changes_and_none_when_undone(
    mall: Mall,
) -> None:
    await mall.hear(mall.till_event("T8"), mall.till_event("T9"))
    before = await edition(mall)

    async def switch_tills(session: AsyncSession) -> None:
        switch = text("UPDATE till SET is_active = NOT is_active WHERE program_id = :p")
        for _ in range(2):
            await session.execute(switch, {"p": mall.program_id})

    with pytest.raises(ZeroDivisionError):
        async with transaction(mall.engine) as session:
            await switch_tills(session)
            raise ZeroDivisionError
    assert await edition(mall) == before
    async with transaction(mall.engine) as session:
        await switch_tills(session)
    assert await edition(mall) == before + 1
