"""Receipts in, rewards out: whatever the order, however often."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.campaigns.usecases.receipts.score_pos_transactions import score_pos_transactions
from shared.consumer import Delivery
from shared.contracts.campaigns import (
    GiftBillBackFlagged,
    RewardGranted,
    RewardRevoked,
)
from shared.contracts.event import Event
from shared.db import driver, transaction
from shared.ids import new_id
from tests.campaigns.world import DAY, World, at, line, multiply, points_for, spend


async def test_a_multiplier_adds_to_base_points_before_the_tiers_factor(world: World) -> None:
    await world.publish(multiply(2500, scope={"categories": ["beauty"]}))
    member = await world.enrol()
    sale = world.sale([line(10050, category="beauty"), line(7000, number=2)], member.member_id)
    await world.tell(sale)
    (granted,) = await world.told(RewardGranted)
    assert (granted.points, granted.receipt_id) == (150, sale.receipt_id)
    assert granted.granted_at == sale.purchased_at
    assert set(granted.explanation) == {"zh-CN", "en"}


async def test_a_receipt_heard_twice_gives_once(world: World) -> None:
    await world.publish(multiply())
    await world.publish(points_for(50))
    member = await world.enrol()
    sale = world.sale(180000, member.member_id)
    refund = world.refund(sale, (1, 100))
    for _ in range(3):
        await world.tell(sale, sale, refund)
    before = len(await world.told())
    await world.tell(refund, sale)
    assert len(await world.told()) == before
    assert await world.net_points(member.member_id) == 1799 + 50


async def test_nobodys_receipt_waits_for_its_member(world: World) -> None:
    await world.publish(multiply())
    member = await world.enrol()
    sale = world.sale(10000)
    await world.tell(sale)
    assert await world.told(RewardGranted) == []
    await world.tell(world.attributed(sale, member.member_id))
    assert await world.net_points(member.member_id) == 100


async def test_an_attribution_may_come_before_its_receipt(world: World) -> None:
    await world.publish(multiply())
    member = await world.enrol()
    sale = world.sale(10000)
    await world.tell(world.attributed(sale, member.member_id), sale)
    assert await world.net_points(member.member_id) == 100


async def test_receipts_without_lines_or_amount_are_legal(world: World) -> None:
    await world.publish(multiply())
    await world.publish(points_for(50))
    member = await world.enrol()
    empty = world.sale([], member.member_id)
    nothing = world.sale(0, member.member_id)
    total_only = world.sale([], member.member_id, total_minor=180000)
    await world.tell(empty, nothing, total_only)
    assert await world.net_points(member.member_id) == 50


async def test_a_refund_names_no_line_and_takes_from_all_in_order(world: World) -> None:
    await world.publish(multiply())
    member = await world.enrol()
    sale = world.sale([line(10000), line(5000, number=2)], member.member_id)
    refund = world.refund(sale, (9, 12000))
    await world.tell(sale, refund)
    assert await world.net_points(member.member_id) == 30


async def test_a_day_adds_up_once_and_the_rest_is_left(world: World) -> None:
    await world.publish(points_for(50, basis="day", times_max=3))
    member = await world.enrol()
    sales = [world.sale(95000, member.member_id, at(10 + i)) for i in range(4)]
    await world.tell(*sales)
    assert await world.net_points(member.member_id) == 100
    grants = await world.grants(member.member_id)
    used = [r["amount_minor"] for g in grants for r in g["inputs"]["receipts"]]
    assert sum(used) == 2 * 179900


async def test_the_days_of_two_zones_are_each_malls_own(world: World) -> None:
    """23:30 and 00:30 in Berlin's summer are two days there, though one in UTC."""
    await world.publish(points_for(50, basis="day"))
    member = await world.enrol()
    zone: dict[str, Any] = {"time_zone": "Europe/Berlin"}
    late = at(23, 30, zone="Europe/Berlin")
    await world.tell(
        world.sale(90000, member.member_id, late, **zone),
        world.sale(90000, member.member_id, late + timedelta(hours=1), **zone),
    )
    assert await world.net_points(member.member_id) == 0
    await world.tell(
        world.sale(90000, member.member_id, late - timedelta(hours=20), **zone),
    )
    assert await world.net_points(member.member_id) == 50


async def test_the_limit_is_filled_from_the_earliest_day(world: World) -> None:
    await world.publish(points_for(50, limit_per_member=1))
    member = await world.enrol()
    later = world.sale(180000, member.member_id, at(12, day=DAY + timedelta(days=2)))
    earlier = world.sale(180000, member.member_id, at(12))
    await world.tell(later)
    await world.tell(earlier)
    (revoked,) = await world.told(RewardRevoked)
    assert revoked.reason == "limit_reached"
    living = [g for g in await world.grants(member.member_id) if g["status"] == "granted"]
    assert [g["receipt_id"] for g in living] == [str(earlier.receipt_id)]
    await world.tell(world.refund(earlier, (1, 100000)))
    living = [g for g in await world.grants(member.member_id) if g["status"] == "granted"]
    assert [g["receipt_id"] for g in living] == [str(later.receipt_id)]
    assert await world.net_points(member.member_id) == 50


async def test_the_last_automatic_gifts_go_to_the_first_and_others_are_told_why(
    world: World,
) -> None:
    await world.put_gift(stock=2)
    await world.publish(spend(grant="automatic", basis="day"))
    members = [await world.enrol() for _ in range(6)]
    await asyncio.gather(*(world.tell(world.sale(180000, member.member_id)) for member in members))
    assert len(await world.told(RewardGranted)) == 2
    outcomes = []
    for member in members:
        answer = await world.client.get(
            f"/v1/members/{member.member_id}/grants", headers=world.card(member.member_id)
        )
        body = answer.json()
        outcomes.append((len(body["items"]), [w["reason"] for w in body["withheld"]]))
    assert sorted(outcomes) == sorted([(1, [])] * 2 + [(0, ["out_of_stock"])] * 4)


async def test_a_gift_billed_back_is_settled_by_a_receipt_that_came_late(world: World) -> None:
    await world.put_gift()
    await world.publish(spend(grant="automatic", basis="day"))
    member = await world.enrol()
    sale = world.sale(180000, member.member_id)
    await world.tell(sale)
    (grant,) = await world.grants(member.member_id)
    issued = await world.client.post(
        f"/v1/grants/{grant['grant_id']}/issue",
        json={"mall_id": str(world.mall_id)},
        headers=world.staff("desk"),
    )
    assert issued.json()["status"] == "issued"
    await world.tell(world.refund(sale, (1, 50000)))
    await world.tell(world.sale(49900, member.member_id, at(18)))
    flags = await world.told(GiftBillBackFlagged)
    assert [flag.shortfall_minor for flag in flags] == [49900, 0]
    assert [g["status"] for g in await world.grants(member.member_id)] == ["issued"]


async def test_two_campaigns_of_a_family_share_a_receipt(world: World) -> None:
    await world.publish(points_for(50), family="spring")
    await world.publish(points_for(70), family="spring")
    member = await world.enrol()
    await world.tell(world.sale(180000, member.member_id))
    assert await world.net_points(member.member_id) == 50
    await world.tell(world.sale(360000, member.member_id))
    assert await world.net_points(member.member_id) == 50 + 50 + 70


async def test_correlation_follows_the_receipt(world: World) -> None:
    await world.publish(multiply())
    members = [await world.enrol(), await world.enrol()]
    deliveries = [
        Delivery(world.sale(10000, m.member_id), new_id(), f"cause-{i}", "")
        for i, m in enumerate(members)
    ]
    async with transaction(world.engine) as session:
        await score_pos_transactions(session, world.clock(), deliveries)
        rows = await (await driver(session)).fetch(
            "SELECT correlation_id FROM outbox WHERE program_id = $1 AND type = $2 ORDER BY id",
            world.program_id,
            RewardGranted.TYPE,
        )
    assert sorted(row["correlation_id"] for row in rows) == ["cause-0", "cause-1"]


async def test_receipts_of_one_member_scored_at_once_add_up(world: World) -> None:
    await world.publish(points_for(50, basis="day"))
    member = await world.enrol()
    sales = [world.sale(18000, member.member_id, at(10, i)) for i in range(12)]
    await asyncio.gather(*(world.tell(sale) for sale in sales))
    assert await world.net_points(member.member_id) == 50


def history(world: World, member_id: Any) -> list[Event]:
    """A sale and its refunds, a second day, nobody's receipt, a tier that changes late."""
    first = world.sale([line(100000), line(90000, number=2)], member_id, at(10))
    second = world.sale(185000, member_id, at(11, day=DAY + timedelta(days=1)))
    third = world.sale(95000, None, at(15))
    return [
        first,
        world.refund(first, (2, 50000)),
        world.refund(first, (1, 30000)),
        second,
        third,
        world.attributed(third, member_id),
        world.tiers(member_id, 1, (at(9), "basic"), (at(14), "gold")),
        world.tiers(member_id, 2, (at(9), "basic"), (at(10, 30), "gold")),
        world.member("basic", member_id),
    ]


async def net_state(world: World, member_id: Any) -> Any:
    """What the member ends with, by campaign and unit; and what was told adds up to it."""
    async with transaction(world.engine) as session:
        rows = await (await driver(session)).fetch(
            "SELECT v.spec -> 'name' ->> 'en' AS name, g.local_day, g.kind, g.receipt_id, "
            "sum(coalesce(g.points, 1) - CASE WHEN g.kind = 'gift' AND g.status = 'revoked' "
            "THEN 1 ELSE g.points_revoked END) AS net "
            "FROM reward_grant g JOIN campaign_version v USING (program_id, campaign_id, version) "
            "WHERE program_id = $1 AND member_id = $2 GROUP BY 1, 2, 3, 4",
            world.program_id,
            member_id,
        )
        withheld = await (await driver(session)).fetch(
            "SELECT unit_key, reason FROM reward_withheld WHERE program_id = $1 AND member_id = $2",
            world.program_id,
            member_id,
        )
    state = {(r["name"], r["local_day"], r["kind"]): 0 for r in rows if r["net"]}
    for row in rows:
        if row["net"]:
            state[row["name"], row["local_day"], row["kind"]] += int(row["net"])
    points = sum(net for (_, _, kind), net in state.items() if kind == "points")
    assert points == await world.net_points(member_id)
    return state, len(withheld)


@pytest.fixture
async def campaigns(world: World) -> World:
    """Campaigns whose decisions hang on each other: families, limits, tiers, gifts."""
    await world.put_gift(stock=100_000)

    def names(name: str) -> dict[str, Any]:
        return {"name": {"zh": name, "en": name}}

    await world.publish(multiply(2000, tiers=["gold"]), **names("gold"))
    await world.publish(multiply(1500, weekdays=[2]), **names("tuesday"))
    await world.publish(
        points_for(50, basis="day", limit_per_member=1), family="spring", **names("day")
    )
    await world.publish(
        spend(grant="automatic", member_threshold_minor=60000), family="spring", **names("gift")
    )
    return world


async def test_the_end_state_does_not_depend_on_the_order(campaigns: World) -> None:
    world = campaigns
    expected = None

    async def play(order: Sequence[int], batches: int) -> None:
        nonlocal expected
        member_id = new_id()
        events = history(world, member_id)
        ordered = [events[i] for i in order]
        for start in range(0, len(ordered), batches):
            await world.tell(*ordered[start : start + batches])
        state = await net_state(world, member_id)
        expected = expected or state
        assert state == expected, order
        # Hearing everything again, in another order, changes nothing.
        told = len(await world.told())
        await world.tell(*reversed(ordered))
        assert len(await world.told()) == told

    loop = asyncio.get_running_loop()
    orders: list[tuple[list[int], int]] = []

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.permutations(range(9)), st.integers(1, 4))
    def draw(order: list[int], batches: int) -> None:
        orders.append((order, batches))

    await loop.run_in_executor(None, draw)
    await play(range(9), 1)
    for order, batches in orders:
        await play(order, batches)
    assert expected is not None
    assert expected[0]


async def test_every_order_of_a_sale_and_its_refunds_ends_alike(campaigns: World) -> None:
    outcomes = set()
    for order in itertools.permutations(range(4)):
        member = await campaigns.enrol("gold")
        sale = campaigns.sale(200000, None)
        events: list[Event] = [
            sale,
            campaigns.refund(sale, (1, 70000)),
            campaigns.refund(sale, (1, 80000)),
            campaigns.attributed(sale, member.member_id),
        ]
        await campaigns.tell(*(events[i] for i in order))
        state, withheld = await net_state(campaigns, member.member_id)
        outcomes.add((tuple(sorted(state.items())), withheld))
    assert len(outcomes) == 1
