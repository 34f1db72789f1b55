"""Who pays a receipt with points, and who records and refunds it, wait for each other."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.receipts import ReceiptKey
from services.points.domain.spending.errors import ReceiptAlreadyRecorded
from services.points.storage.spending.till_payments import RedemptionRequest
from services.points.usecases.spending.redeem_at_till import redeem_at_till
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.samples import BOUNDS
from tests.points.spending import member_with, paid_with, redeem, set_redemption_policy


def request_of(mall: Mall, sale: dict[str, Any], member_id: UUID, points: int) -> RedemptionRequest:
    """The till asks for so many points of the sale, over as much."""
    day = mall.clock().date()
    key = ReceiptKey(mall.shop_id, sale["till_id"], sale["receipt_number"], day)
    return RedemptionRequest(
        mall.till, member_id, None, key, sale["total_minor"], "CNY", points, sale["receipt_number"]
    )


async def pid_of(session: AsyncSession) -> int:
    return int(await session.scalar(text("SELECT pg_backend_pid()")) or 0)


async def until_it_waits(mall: Mall, pid: int, waiting: asyncio.Task[Any]) -> None:
    """Until somebody waits for what this backend has locked, or the task is done."""
    query = (
        "SELECT count(*) FROM pg_stat_activity a "
        "WHERE :pid = ANY (pg_blocking_pids(a.pid)) AND a.datname = current_database()"
    )
    while not waiting.done() and not await mall.count(query, pid=pid):
        pass


async def one_after_another(*steps: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
    return [await step for step in steps]


async def test_a_refund_at_the_very_moment_of_the_payment_gives_the_points_back(
    mall: Mall, twin: Mall
) -> None:
    """Another member's sale and its refund come between the payment's look and its COMMIT."""
    await set_redemption_policy(mall)
    payer, buyer = await member_with(mall, 300), await mall.enrol()
    sale = mall.sale(10_000, member_id=buyer)
    paid = paid_with(sale, 300)
    async with AsyncExitStack() as open_:
        session = await open_.enter_async_context(transaction(mall.engine))
        await redeem_at_till(session, mall.clock(), BOUNDS, request_of(mall, sale, payer, 300))
        pid = await pid_of(session)
        both = asyncio.create_task(one_after_another(twin.push(paid), twin.push(mall.refund(paid))))
        await until_it_waits(mall, pid, both)
    assert [answer.status_code for answer in await both] == [201, 201]
    assert (await mall.balance(payer), await mall.balance(buyer)) == (300, 0)


async def test_points_do_not_pay_a_receipt_that_is_recorded_at_that_very_moment(
    mall: Mall, twin: Mall
) -> None:
    await set_redemption_policy(mall)
    payer = await member_with(mall, 300)
    sale = mall.sale(10_000)
    async with AsyncExitStack() as open_:
        session = await open_.enter_async_context(transaction(mall.engine))
        await session.execute(
            text(
                "INSERT INTO pos_transaction (program_id, transaction_id, kind, status, "
                "receipt_id, content) VALUES (:p, :t, 'sale', 'anonymous', :t, '{}')"
            ),
            {"p": mall.program_id, "t": request_of(mall, sale, payer, 300).transaction_id},
        )
        pid = await pid_of(session)
        asked = asyncio.create_task(redeem(twin, sale, payer, 300))
        await until_it_waits(mall, pid, asked)
    answer = await asked
    assert answer.json()["code"] == "receipt_already_recorded"
    assert await mall.balance(payer) == 300
    await mall.execute("DELETE FROM pos_transaction WHERE program_id = :p AND status = 'anonymous'")


async def test_payments_sales_and_refunds_at_once_lose_no_point(mall: Mall, twin: Mall) -> None:
    await set_redemption_policy(mall)
    payers = [await member_with(mall, 1_200) for _ in range(2)]
    sales = [mall.sale(10_000) for _ in range(24)]
    doors = [mall, twin] * 12

    async def pay(door: Mall, number: int) -> int:
        answer = await redeem(door, sales[number], payers[number % 2], 100)
        return answer.status_code

    async def sell(door: Mall, number: int) -> int:
        paid = paid_with(sales[number], 100)
        return (await one_after_another(door.push(paid), door.push(door.refund(paid))))[
            -1
        ].status_code

    steps = [act(door, n) for n, door in enumerate(doors) for act in (pay, sell)]
    codes = await asyncio.gather(*steps)
    assert set(codes) <= {201, 409}
    # Whoever paid before the sale got it back by the refund; whoever came later was refused.
    assert [await mall.balance(payer) for payer in payers] == [1_200, 1_200]


async def test_a_payment_before_any_receipt_leaves_the_row_where_they_meet(mall: Mall) -> None:
    await set_redemption_policy(mall)
    payer = await member_with(mall, 300)
    sale = mall.sale(10_000, member_id=payer)
    assert (await redeem(mall, sale, payer, 300)).status_code == 201
    assert await mall.rows("SELECT status FROM pos_transaction WHERE program_id = :p") == [
        ("awaited",)
    ]
    assert (await mall.push(paid_with(sale, 300))).json()["status"] == "posted"
    with pytest.raises(ReceiptAlreadyRecorded):
        async with transaction(mall.engine) as session:
            await redeem_at_till(session, mall.clock(), BOUNDS, request_of(mall, sale, payer, 100))
    assert await mall.balance(payer) == 97
