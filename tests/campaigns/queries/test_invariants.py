"""Each invariant notices when the books are wrong."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import text

from services.campaigns.api.app import build_app
from services.campaigns.queries.invariants import check_invariants
from services.campaigns.settings import CampaignsSettings
from shared.contracts.campaigns import RewardGranted
from shared.db import transaction
from shared.outbox import PARTITION_ROWS
from tests.campaigns.world import World, multiply, spend
from tests.support.clock import HandClock
from tests.support.service import make_runtime, make_settings, open_client, open_engine

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


@pytest.fixture
async def alone(make_database: Callable[[str], str], clock: HandClock) -> AsyncIterator[World]:
    """A world with a database of its own."""
    settings = make_settings(CampaignsSettings, make_database("campaigns"))
    async with open_engine(settings.database_url) as engine:
        app = build_app(make_runtime("campaigns", settings, engine, clock))
        async with open_client(app) as client:
            opened = World(engine, client, clock)
            await opened.open()
            yield opened


async def test_grants_whose_outbox_rows_were_dropped_by_age_are_not_missed(alone: World) -> None:
    """Who waited for a lock tells with an earlier time than rows that are gone already."""
    await alone.publish(multiply())
    member = await alone.enrol()
    await alone.tell(alone.sale(190000, member.member_id))
    async with transaction(alone.engine) as session:
        sequence = "pg_get_serial_sequence('outbox', 'id')"
        await session.execute(text(f"SELECT setval({sequence}, {PARTITION_ROWS})"))
    alone.clock.advance(seconds=-30)
    await alone.tell(alone.sale(190000, member.member_id))
    assert len(await alone.told(RewardGranted)) == 2
    async with transaction(alone.engine) as session:
        await session.execute(text("DROP TABLE outbox_0"))
        found = await check_invariants(session)
    assert len(await alone.told(RewardGranted)) == 1
    assert not any(found.values()), found


async def test_an_empty_database_breaks_nothing(make_database: Callable[[str], str]) -> None:
    async with (
        open_engine(make_database("campaigns")) as engine,
        transaction(engine) as session,
    ):
        assert not any((await check_invariants(session)).values())
