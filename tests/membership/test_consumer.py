"""Receipts as they arrive from Kafka."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.membership.consumer import HANDLERS
from services.membership.domain.tiers.errors import PurchaserUnknown
from services.membership.queries.tiers.tier_progress import find_tier_progress
from shared.contracts.points import PosTransactionAttributed, PosTransactionRecorded
from shared.db import transaction
from shared.ids import new_id
from tests.membership.world import World
from tests.support.service import deliver


def _receipt(world: World, member_id: UUID | None, **more: Any) -> dict[str, Any]:
    transaction_id = new_id()
    return {
        "program_id": world.program_id,
        "transaction_id": transaction_id,
        "receipt_id": transaction_id,
        "kind": "sale",
        "mall_id": world.mall_id,
        "shop_id": world.till.shop_id,
        "till_id": "T1",
        "receipt_number": "1",
        "business_date": date(2026, 3, 10),
        "purchased_at": world.clock(),
        "recorded_at": world.clock(),
        "time_zone": "Asia/Shanghai",
        "currency": "CNY",
        "total_minor": 6_000,
        "lines": (),
        "member_id": member_id,
        **more,
    }


async def _credit(world: World, member_id: UUID) -> int:
    async with transaction(world.engine) as session:
        found = await find_tier_progress(session, world.clock(), world.program_id, member_id)
    assert found is not None
    return found.credit_minor


async def test_receipts_of_members_count_and_nobodys_do_not(world: World) -> None:
    member = await world.enrol_one()
    nobodys = _receipt(world, None)
    known = PosTransactionRecorded(**_receipt(world, member.member_id))
    handler = HANDLERS[PosTransactionRecorded]
    async with transaction(world.engine) as session:
        deliveries = deliver(PosTransactionRecorded(**nobodys), known)
        await handler(session, world.clock(), deliveries)
    assert await _credit(world, member.member_id) == 6_000
    async with transaction(world.engine) as session:
        claimed = PosTransactionAttributed(**{**nobodys, "member_id": member.member_id})
        await HANDLERS[PosTransactionAttributed](session, world.clock(), deliver(claimed, known))
    assert await _credit(world, member.member_id) == 12_000


async def test_only_nobodys_receipts_are_no_work(world: World) -> None:
    async with transaction(world.engine) as session:
        await HANDLERS[PosTransactionRecorded](
            session, world.clock(), deliver(PosTransactionRecorded(**_receipt(world, None)))
        )


async def test_a_receipt_of_a_stranger_is_put_aside_not_skipped(world: World) -> None:
    with pytest.raises(PurchaserUnknown):
        async with transaction(world.engine) as session:
            await HANDLERS[PosTransactionRecorded](
                session, world.clock(), deliver(PosTransactionRecorded(**_receipt(world, new_id())))
            )


def test_both_events_are_one_handlers_so_that_a_batch_stays_one() -> None:
    assert len(set(HANDLERS.values())) == 1
