"""The net under what waits: here the waits are made by hand, for the locks leave none."""

from services.points.usecases.receipts.sweep_waiting import sweep_waiting
from shared.db import transaction
from tests.points.mall import Mall


async def sweep(mall: Mall) -> int:
    async with transaction(mall.engine) as session:
        return await sweep_waiting(session, mall.clock())


async def test_where_nothing_waits_the_sweep_does_nothing(mall: Mall) -> None:
    assert await sweep(mall) == 0


async def test_a_receipt_beside_its_member_is_posted(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000)
    await mall.push(mall.refund(sale, (1, 2_000)))
    await mall.execute(
        "UPDATE pos_transaction SET status = 'waiting_member', member_id = :m "
        "WHERE program_id = :p",
        m=member_id,
    )
    assert await sweep(mall) == 2
    assert await mall.balance(member_id) == 80
    assert await sweep(mall) == 0


async def test_a_receipt_beside_its_members_number_is_posted(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.sold(10_000)
    await mall.execute(
        "UPDATE pos_transaction SET status = 'waiting_member', awaited_number = "
        "(SELECT member_number FROM member_number WHERE program_id = :p) WHERE program_id = :p"
    )
    assert await sweep(mall) == 1
    assert await mall.balance(member_id) == 100


async def test_a_refund_beside_its_sale_is_applied(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(10_000, member_id=member_id)
    await mall.push(mall.refund(sale, (1, 2_000)))
    waits = "UPDATE pos_transaction SET receipt_id = :r WHERE program_id = :p AND kind = 'refund'"
    [(awaited,)] = await mall.rows(
        "SELECT receipt_id FROM pos_transaction WHERE program_id = :p AND kind = 'refund'"
    )
    elsewhere = await mall.another()
    await mall.execute(waits, r=elsewhere.program_id)
    await mall.push(sale)
    await mall.execute(waits, r=awaited)
    assert await sweep(mall) > 0
    assert await mall.balance(member_id) == 80
    assert await sweep(mall) == 0
