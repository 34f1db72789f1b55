"""Receipts at hand are not read back; the others of a day are read once."""

from services.campaigns.domain.receipts.receipts import as_receipt
from services.campaigns.storage.receipts.day_pool import open_pool, read_days
from services.campaigns.storage.receipts.receipts import lock_receipts
from shared.db import transaction
from tests.campaigns.world import DAY, World, at


async def test_a_day_is_what_is_at_hand_and_what_is_stored(world: World) -> None:
    member = await world.enrol()
    first, second, third = (world.sale(10000, member.member_id, at(10 + i)) for i in range(3))
    nobodys = world.sale(10000)
    await world.tell(first, second, third, nobodys)
    async with transaction(world.engine) as session:
        stored = await lock_receipts(session, world.program_id, [first.receipt_id])
        receipt = as_receipt(stored[first.receipt_id])
        assert receipt is not None
        at_hand = receipt._replace(currency="EUR")
        pool = open_pool([at_hand])
        day = (member.member_id, DAY)
        await read_days(session, world.program_id, pool, {day}, {nobodys.receipt_id})
        assert pool.receipts[first.receipt_id] is at_hand
        ids = sorted(r.receipt_id for r in pool.by_day[day])
        assert ids == sorted(s.receipt_id for s in (first, second, third))
        assert pool.receipts[nobodys.receipt_id].member_id is None
        await read_days(session, world.program_id, pool, {day}, {nobodys.receipt_id})
        assert len(pool.by_day[day]) == 3
