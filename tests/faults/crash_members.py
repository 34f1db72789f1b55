"""What members do among each other, each prepared so that it can be asked again and again."""

from uuid import UUID

from services.points.usecases.members.expire_transfers import expire_transfers
from tests.faults.crash_flows import Ask, Prepare, job
from tests.points.mall import Mall
from tests.points.members import (
    join_pool,
    offer,
    offered,
    opened_pool,
    put_in_pool,
    spend_from_pool,
)
from tests.points.spending import member_with
from tests.points.wallets_at_hand import give_stars, member_with_stars, redeem_stars, state_stars


async def offer_points(mall: Mall) -> Ask:
    giver, receiver = await member_with(mall, 100), await mall.enrol()
    return lambda door: offer(door, giver, receiver, 60)


def close_offer(how: str) -> Prepare:
    async def prepare(mall: Mall) -> Ask:
        giver, receiver = await member_with(mall, 100), await mall.enrol()
        transfer_id = await offered(mall, giver, receiver, 60)
        who = giver if how == "cancellation" else receiver
        path = f"/v1/members/{who}/transfers/{transfer_id}/{how}"
        return lambda door: door.post(path, None, who)

    return prepare


async def let_an_offer_end(mall: Mall) -> Ask:
    giver, receiver = await member_with(mall, 100), await mall.enrol()
    await offered(mall, giver, receiver, 60)
    mall.clock.advance(days=8)
    return job(expire_transfers)


async def _pool(mall: Mall) -> tuple[str, UUID, UUID]:
    owner, other = await member_with(mall, 100), await member_with(mall, 100)
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, other)
    await put_in_pool(mall, pool_id, owner, 50)
    await put_in_pool(mall, pool_id, other, 50)
    return pool_id, owner, other


async def open_pool(mall: Mall) -> Ask:
    owner = await member_with(mall, 100)
    return lambda door: door.post(f"/v1/members/{owner}/pools", {"name": "Wang"}, owner, "k")


async def contribute(mall: Mall) -> Ask:
    pool_id, owner, _ = await _pool(mall)
    path = f"/v1/pools/{pool_id}/contributions"
    return lambda door: door.post(path, {"points": 20}, owner, "again")


async def pay_from_pool(mall: Mall) -> Ask:
    pool_id, _, other = await _pool(mall)
    return lambda door: spend_from_pool(door, pool_id, other, 70)


async def leave_pool(mall: Mall) -> Ask:
    pool_id, _, other = await _pool(mall)
    path = f"/v1/pools/{pool_id}/departures"
    return lambda door: door.post(path, {"member_id": str(other)}, other)


async def dissolve_pool(mall: Mall) -> Ask:
    pool_id, owner, _ = await _pool(mall)
    return lambda door: door.post(f"/v1/pools/{pool_id}/dissolution", None, owner)


async def give_some_stars(mall: Mall) -> Ask:
    await state_stars(mall)
    giver, receiver = await member_with_stars(mall, 20), await mall.enrol()
    return lambda door: give_stars(door, giver, receiver, 12, key="k")


async def redeem_some_stars(mall: Mall) -> Ask:
    await state_stars(mall)
    member_id = await member_with_stars(mall, 20)
    return lambda door: redeem_stars(door, member_id, 12, key="k")
