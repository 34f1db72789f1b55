"""Plain sales in two round trips: what is plain, and what happens when a member moves meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import to_json

from services.points.api.receipts.pos_parsing import Reader, read_one
from services.points.domain.receipts.receipts import Bounds
from services.points.settings import PointsSettings
from services.points.storage.ledger.book_rows import Seen
from services.points.storage.ledger.books import Write, write_plain_sales
from services.points.storage.receipts.directory import Rulebooks
from services.points.storage.receipts.plain_sales import glance_at_sales
from services.points.storage.receipts.pos_batch import Answer, Look, TillBatch, decide, open_batch
from services.points.usecases.receipts.record_plain_sales import record_plain_sales
from shared.db import Collision, Statements, open_statements
from shared.ids import new_id, new_member_number
from tests.points.mall import Mall
from tests.support.service import DEPLOYMENT_KEY

BOUNDS = Bounds(timedelta(seconds=300), timedelta(days=400))


@pytest.fixture
async def statements(settings: PointsSettings) -> AsyncIterator[Statements]:
    """Connections like the committer's."""
    async with open_statements(settings.database_url, 4) as opened:
        yield opened


def batch_of(mall: Mall, *bodies: dict[str, Any]) -> TillBatch:
    """The bodies as one till's batch."""
    reader = Reader(mall.program_id, DEPLOYMENT_KEY, 1_000)
    receipts = [read_one(reader, to_json(body)) for body in bodies]
    return TillBatch(mall.program_id, mall.shop_id, "T1", 1, receipts)


async def record(
    mall: Mall, statements: Statements, *batches: TillBatch, rulebooks: Rulebooks | None = None
) -> list[Answer] | None:
    """Record them the plain way."""
    return await record_plain_sales(
        statements, mall.clock(), BOUNDS, rulebooks or Rulebooks(), batches
    )


async def test_sales_of_open_members_and_of_nobody_are_plain(
    mall: Mall, statements: Statements
) -> None:
    number = new_member_number()
    by_id, by_number = await mall.enrol(), new_id()
    await mall.hear(mall.enrolled(by_number, number))
    answers = await record(
        mall,
        statements,
        batch_of(mall, mall.sale(100, member_id=by_id), mall.sale(200, member_number=number)),
        batch_of(mall, mall.sale(300), mall.sale(400, total_minor=1)),
    )
    assert answers is not None
    results = [[o.result for o in answer] for answer in answers if isinstance(answer, list)]
    assert results == [["accepted", "accepted"], ["accepted", "rejected"]]
    assert (await mall.balance(by_id), await mall.balance(by_number)) == (1, 2)


@pytest.mark.parametrize("case", ["refund", "stranger", "number", "known", "twice", "two"])
async def test_what_needs_locks_is_left_alone_and_stores_nothing(
    mall: Mall, statements: Statements, case: str
) -> None:
    member_id = await mall.enrol()
    sold = await mall.sold(500, member_id=member_id)
    plain = mall.sale(100, member_id=member_id)
    other = await mall.another()
    batches: dict[str, Sequence[TillBatch]] = {
        "refund": [batch_of(mall, plain, mall.refund(sold))],
        "stranger": [batch_of(mall, plain, mall.sale(100, member_id=new_id()))],
        "number": [batch_of(mall, plain, mall.sale(100, member_number=new_member_number()))],
        "known": [batch_of(mall, plain, sold)],
        "twice": [batch_of(mall, plain), batch_of(mall, plain)],
        "two": [batch_of(mall, plain), batch_of(other, other.sale(100))],
    }
    before = await mall.books()
    assert await record(mall, statements, *batches[case]) is None
    assert await mall.books() == before
    assert await mall.balance(member_id) == 5


async def test_a_sale_that_a_refund_names_already_is_not_plain(
    mall: Mall, statements: Statements
) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(500, member_id=member_id)
    await mall.push(mall.refund(sale))
    assert await record(mall, statements, batch_of(mall, sale)) is None


async def write_late(mall: Mall, statements: Statements, member_id: UUID, meanwhile: Any) -> None:
    """Look and decide, let `meanwhile` happen, then write."""
    batch = batch_of(mall, mall.sale(1_000, member_id=member_id))
    glance = await glance_at_sales(statements, mall.program_id, Rulebooks(), [batch])
    look = Look(glance.accounts, {}, {}, Write())
    account = glance.accounts[member_id]
    seen = Seen(member_id, account.version, account.tier_version, 0, 0)
    [item] = open_batch(batch, glance.directory, mall.clock(), BOUNDS)
    item.member_id = member_id
    decide(look, mall.program_id, mall.clock(), glance.directory, item)
    await meanwhile
    await write_plain_sales(statements, mall.program_id, mall.clock(), [seen], look.write)


async def test_a_sale_in_between_is_a_collision_and_nothing_is_written(
    mall: Mall, statements: Statements
) -> None:
    member_id = await mall.enrol()
    with pytest.raises(Collision):
        await write_late(mall, statements, member_id, mall.sold(700, member_id=member_id))
    assert await mall.balance(member_id) == 7
    assert len(await mall.books()) == 1


async def test_a_tier_that_changes_in_between_is_a_collision(
    mall: Mall, statements: Statements
) -> None:
    member_id = await mall.enrol()
    news = mall.tier_changed(member_id, 1, (mall.clock() - timedelta(days=1), "gold"))
    with pytest.raises(Collision):
        await write_late(mall, statements, member_id, mall.hear(news))
    assert await mall.books() == []


async def test_a_refund_that_comes_in_between_is_a_collision(
    mall: Mall, statements: Statements
) -> None:
    """The refund leaves a row in the sale's place, which the sale must fill under its lock."""
    sale = mall.sale(1_000)
    batch = batch_of(mall, sale)
    glance = await glance_at_sales(statements, mall.program_id, Rulebooks(), [batch])
    look = Look({}, {}, {}, Write())
    [item] = open_batch(batch, glance.directory, mall.clock(), BOUNDS)
    decide(look, mall.program_id, mall.clock(), glance.directory, item)
    await mall.push(mall.refund(sale))
    with pytest.raises(Collision):
        await write_plain_sales(statements, mall.program_id, mall.clock(), [], look.write)
    assert (await mall.push(sale)).status_code == 201


async def test_a_new_policy_replaces_the_one_on_the_shelf(
    mall: Mall, statements: Statements
) -> None:
    member_id, books = await mall.enrol(), Rulebooks()

    async def sell() -> None:
        sale = mall.sale(100, member_id=member_id)
        await record(mall, statements, batch_of(mall, sale), rulebooks=books)

    await sell()
    assert (await mall.set_policy(programme={"points": 5, "per_minor": 100})).status_code == 201
    await sell()
    assert await mall.balance(member_id) == 1 + 5


async def test_sales_of_one_member_at_once_all_count_or_are_left_for_locks(
    mall: Mall, settings: PointsSettings
) -> None:
    member_id = await mall.enrol()
    async with AsyncExitStack() as stack:
        doors = [
            await stack.enter_async_context(open_statements(settings.database_url, 1))
            for _ in range(8)
        ]
        answers = await asyncio.gather(
            *(
                record(mall, door, batch_of(mall, mall.sale(1_000, member_id=member_id)))
                for door in doors
                for _ in range(5)
            )
        )
    done = sum(answer is not None for answer in answers)
    assert done >= 1
    assert await mall.balance(member_id) == 10 * done
    assert len(await mall.books()) == done
