"""Bonuses brought to their target."""

from services.campaigns.domain.receipts.receipts import as_receipt
from services.campaigns.domain.rules.rulebook import meet
from services.campaigns.storage.directory.members import lock_members
from services.campaigns.storage.receipts.receipts import lock_receipts
from services.campaigns.storage.rewards.decisions import Decisions, Scene
from services.campaigns.storage.rules.handbook import share_handbook
from services.campaigns.usecases.rewards.settle_bonuses import settle_bonuses
from shared.db import transaction
from tests.campaigns.world import World, multiply


async def test_a_bonus_at_its_target_needs_no_decision(world: World) -> None:
    await world.publish(multiply())
    member = await world.enrol()
    sale = world.sale(10000, member.member_id)
    await world.tell(sale)
    async with transaction(world.engine) as session:
        program_id = world.program_id
        handbook = await share_handbook(session, program_id)
        members = await lock_members(session, program_id, [member.member_id])
        stored = await lock_receipts(session, program_id, [sale.receipt_id])
        receipt = as_receipt(stored[sale.receipt_id])
        assert receipt is not None
        scene = Scene(program_id, world.clock(), handbook, members, stored)
        decisions = Decisions()
        await settle_bonuses(session, scene, [meet(handbook.rules, receipt)], decisions)
        assert decisions == Decisions()
        # As if it were new: the same facts would be given.
        fresh = Scene(
            program_id, world.clock(), handbook, members, stored, frozenset({sale.receipt_id})
        )
        await settle_bonuses(session, fresh, [meet(handbook.rules, receipt)], decisions)
        assert [(n.grant.points, n.grant.generation) for n in decisions.new] == [(100, 1)]


async def test_bonuses_of_several_campaigns_add_up(world: World) -> None:
    await world.publish(multiply(2000))
    await world.publish(multiply(1500))
    member = await world.enrol()
    await world.tell(world.sale(10000, member.member_id))
    assert await world.net_points(member.member_id) == 150
