"""What is looked at before holds are decided, and what a group of holds and captures leaves."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from services.points.settings import PointsSettings
from services.points.storage.receipts.directory import Directory, Rulebooks
from services.points.storage.spending.hold_requests import CaptureHold, HoldTask, MakeHold
from services.points.storage.spending.hold_tasks import Answer, CaptureAnswer, HoldAnswer
from services.points.storage.spending.holds import HoldLook, Wanted, look_at_holds
from services.points.usecases.spending.work_holds_at_once import work_holds_at_once
from shared.db import Statements, open_statements
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.spending import held, member_with, spendable


@pytest.fixture
async def statements(settings: PointsSettings) -> AsyncIterator[Statements]:
    """Connections of its own."""
    async with open_statements(settings.database_url, 1) as opened:
        yield opened


def task_of(mall: Mall, asked: MakeHold | CaptureHold) -> HoldTask:
    """What a till of the mall asks."""
    return HoldTask(mall.program_id, mall.shop_id, "T1", 1, asked)


async def worked(mall: Mall, statements: Statements, *tasks: HoldTask) -> list[Answer]:
    """The answers to one group."""
    answers = await work_holds_at_once(statements, mall.clock(), Rulebooks(), tasks)
    assert answers is not None
    return answers


async def look(
    mall: Mall, statements: Statements, holds: list[str], redemptions: list[UUID]
) -> HoldLook:
    """What is found of these."""
    wanted = Wanted([mall.shop_id], [], [], [UUID(hold_id) for hold_id in holds], redemptions)
    return await look_at_holds(statements, mall.program_id, mall.clock(), wanted, is_locking=False)


async def test_a_hold_that_has_run_out_is_seen_beside_the_one_that_is_asked_for(
    mall: Mall, statements: Statements
) -> None:
    member_id = await member_with(mall, 100)
    long, short = await held(mall, member_id, 30), await held(mall, member_id, 20, ttl_seconds=60)
    assert set((await look(mall, statements, [long], [])).holds) == {UUID(long)}
    mall.clock.advance(minutes=2)
    assert set((await look(mall, statements, [long], [])).holds) == {UUID(long), UUID(short)}
    [_, other] = await worked(
        mall,
        statements,
        task_of(mall, CaptureHold("pay", UUID(long), 30, True)),
        task_of(mall, MakeHold("more", member_id, None, 70, timedelta(minutes=5), "R2")),
    )
    assert isinstance(other, HoldAnswer)
    assert await spendable(mall, member_id) == (70, 0, 70)


async def test_a_capture_is_found_again_once_its_hold_was_captured_in_part(
    mall: Mall, statements: Statements
) -> None:
    hold_id = await held(mall, await member_with(mall, 100), 30)
    part = task_of(mall, CaptureHold("part", UUID(hold_id), 10, False))
    [first] = await worked(mall, statements, part)
    [again] = await worked(mall, statements, part)
    assert isinstance(first, CaptureAnswer)
    assert isinstance(again, CaptureAnswer)
    assert (first.captured, first.is_new) == (again.captured, True)
    assert not again.is_new


async def test_a_look_without_locks_is_one_snapshot(mall: Mall) -> None:
    # Were it not, an account could move between two of its statements, and nobody would see it.
    query = "SELECT provolatile::text FROM pg_proc WHERE proname = 'glance_at_holds'"
    rows = await mall.rows(query)
    assert rows == [("s",)]


async def test_one_group_leaves_each_of_its_accounts_as_it_was_decided(
    mall: Mall, statements: Statements
) -> None:
    payer, holder = await member_with(mall, 100), await member_with(mall, 50)
    hold_id = UUID(await held(mall, payer, 40))

    def new_hold(member_id: UUID, points: int) -> HoldTask:
        asked = MakeHold(new_id().hex, member_id, None, points, timedelta(minutes=5), "R1")
        return task_of(mall, asked)

    answers = await worked(
        mall,
        statements,
        new_hold(holder, 20),
        task_of(mall, CaptureHold("pay", hold_id, 30, True)),
        new_hold(payer, 25),
    )
    assert all(isinstance(answer, HoldAnswer | CaptureAnswer) for answer in answers)
    assert await spendable(mall, payer) == (70, 45, 25)
    assert await spendable(mall, holder) == (50, 30, 20)


async def directory(mall: Mall, statements: Statements, books: Rulebooks) -> Directory:
    """What a till of the mall would be judged by now."""
    wanted = Wanted([mall.shop_id], [], [], [], [])
    looked = await look_at_holds(
        statements, mall.program_id, mall.clock(), wanted, is_locking=False, rulebooks=books
    )
    return looked.directory


async def test_shops_and_tills_that_did_not_change_are_not_read_again(
    mall: Mall, statements: Statements
) -> None:
    books = Rulebooks()
    first = await directory(mall, statements, books)
    assert (mall.shop_id, "T1") in first.tills
    assert await directory(mall, statements, books) is first


async def test_a_moved_shop_a_new_key_and_a_new_edition_by_a_policy_are_known_to_the_next_look(
    mall: Mall, statements: Statements
) -> None:
    books, elsewhere = Rulebooks(), new_id()
    await directory(mall, statements, books)
    await mall.open_shop(mall_id=elsewhere, revision=2)
    moved = await directory(mall, statements, books)
    assert moved.shops[mall.shop_id].mall_id == elsewhere
    await mall.hear(mall.till_event(key_version=2, revision=2))
    keyed = await directory(mall, statements, books)
    assert keyed.tills[mall.shop_id, "T1"].key_version == 2
    assert (await mall.set_policy(minimum_minor=700)).status_code == 201
    read_again = await directory(mall, statements, books)
    assert read_again is not keyed
    assert read_again.shops == keyed.shops
