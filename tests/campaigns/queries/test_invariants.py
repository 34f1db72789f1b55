"""Each invariant notices when the books are wrong."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from services.campaigns.queries.invariants import check_invariants
from shared.db import transaction
from tests.campaigns.world import World, multiply, spend
from tests.support.service import open_engine

_USES_NOTHING = (
    "UPDATE reward_grant SET used_minor = array_fill(0::bigint, ARRAY[cardinality(used_minor)]) "
    "WHERE family IS NOT NULL"
)


class Undo(Exception):
    """Rolls the damage back."""


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("used_at_most_what_is_left_of_the_receipt", "UPDATE receipt SET net_minor = 0"),
        ("living_reward_uses_its_threshold_or_is_flagged", _USES_NOTHING),
        (
            "revoked_reward_uses_nothing",
            "UPDATE reward_grant SET status = 'revoked' WHERE kind = 'gift' AND status = 'granted'",
        ),
        ("desk_reward_is_found_by_its_receipts", "DELETE FROM desk_receipt"),
        ("stock_is_what_was_not_granted", "UPDATE gift_stock SET initial = initial + 1"),
        (
            "revoked_points_are_the_sum_of_revocations",
            "UPDATE reward_grant SET points_revoked = points_revoked + 1 WHERE kind = 'points'",
        ),
        ("every_grant_is_told", "DELETE FROM outbox WHERE type = 'reward.granted.v1'"),
        ("every_revocation_is_told", "DELETE FROM outbox WHERE type = 'reward.revoked.v1'"),
        ("granted_claim_has_its_grant", "UPDATE reward_grant SET claim_id = NULL"),
    ],
)
async def test_damage_is_noticed(world: World, name: str, damage: str) -> None:
    await world.put_gift()
    campaign = await world.publish(spend(limit_per_member=1))
    await world.publish(multiply())
    member = await world.enrol()
    sale = world.sale(190000, member.member_id)
    await world.tell(sale, world.refund(sale, (1, 1000)))
    await world.tell(world.refund(sale, (1, 1000)))
    await world.claim(campaign, sale, member_id=str(member.member_id))
    with pytest.raises(Undo):
        async with transaction(world.engine) as session:
            await session.execute(text(damage))
            found = await check_invariants(session)
            assert found[name] > 0
            raise Undo


async def test_an_empty_database_breaks_nothing(make_database: Callable[[str], str]) -> None:
    async with (
        open_engine(make_database("campaigns")) as engine,
        transaction(engine) as session,
    ):
        assert not any((await check_invariants(session)).values())
