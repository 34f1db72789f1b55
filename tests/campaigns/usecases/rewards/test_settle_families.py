"""Families brought to their wanted state, by the groups that receipts touch."""

from services.campaigns.domain.receipts.receipts import as_receipt
from services.campaigns.domain.rules.rulebook import meet
from services.campaigns.storage.directory.members import lock_members
from services.campaigns.storage.receipts.receipts import lock_receipts
from services.campaigns.storage.rewards.decisions import Decisions, Scene
from services.campaigns.storage.rules.handbook import share_handbook
from services.campaigns.usecases.rewards.settle_families import settle_families
from shared.db import transaction
from tests.campaigns.world import World, points_for, spend


async def test_a_settled_day_needs_no_decision(world: World) -> None:
    await world.publish(points_for(50, basis="day", limit_per_member=1))
    member = await world.enrol()
    sale = world.sale(180000, member.member_id)
    await world.tell(sale)
    async with transaction(world.engine) as session:
        program_id = world.program_id
        handbook = await share_handbook(session, program_id)
        members = await lock_members(session, program_id, [member.member_id])
        stored = await lock_receipts(session, program_id, [sale.receipt_id])
        receipt = as_receipt(stored[sale.receipt_id])
        assert receipt is not None
        decisions = Decisions()
        scene = Scene(program_id, world.clock(), handbook, members, stored)
        await settle_families(session, scene, [meet(handbook.rules, receipt)], decisions)
        assert decisions == Decisions()


async def test_a_gift_given_back_is_there_for_the_next(world: World) -> None:
    await world.put_gift(stock=1)
    await world.publish(spend(grant="automatic"))
    first, second = await world.enrol(), await world.enrol()
    sale = world.sale(180000, first.member_id)
    await world.tell(sale)
    await world.tell(world.refund(sale, (1, 180000)))
    await world.tell(world.sale(180000, second.member_id))
    assert [g["status"] for g in await world.grants(second.member_id)] == ["granted"]
