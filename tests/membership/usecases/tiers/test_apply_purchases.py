"""Receipts become tiers and habits, in any order and however often they come."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.domain.members.members import EnrolWanted
from services.membership.domain.programs.errors import CurrencyMismatch
from services.membership.domain.tiers.errors import PurchaserUnknown
from services.membership.domain.tiers.purchases import Purchase
from services.membership.queries.invariants import check_invariants
from services.membership.queries.members.members import find_member
from services.membership.queries.tiers.recompute_tiers import recompute_tiers
from services.membership.queries.tiers.tier_progress import TierProgress, find_tier_progress
from services.membership.storage.members.member_news import told_timeline
from services.membership.usecases.tiers.apply_purchases import apply_purchases
from shared.contracts.membership import MemberTierChanged
from shared.db import driver, transaction
from shared.ids import new_id
from tests.membership.world import World
from tests.support.service import read_outbox


async def moves_of(world: World) -> list[MemberTierChanged]:
    events = await read_outbox(world.engine, world.program_id)
    return [event for event in events if isinstance(event, MemberTierChanged)]


async def progress_of(world: World, member_id: UUID) -> TierProgress:
    async with transaction(world.engine) as session:
        found = await find_tier_progress(session, world.clock(), world.program_id, member_id)
    assert found is not None
    return found


async def books_are_right(world: World) -> bool:
    async with transaction(world.engine) as session:
        broken = await check_invariants(session)
        wrong = await recompute_tiers(session, world.program_id)
    assert not any(broken.values()), broken
    return not wrong


async def test_a_purchase_that_reaches_the_threshold_lifts_the_member_at_once(
    world: World,
) -> None:
    member = await world.enrol_one(days_ago=30)
    sale = world.sale(member.member_id, 12_000, days_ago=3)
    await world.buy(sale)
    (move,) = await moves_of(world)
    assert (move.direction, move.from_tier, move.to_tier) == ("up", "bronze", "silver")
    assert (move.version, move.effective_at, move.reason) == (1, sale.purchased_at, "spend")
    assert [(i.tier, i.since) for i in move.timeline] == [
        ("bronze", member.enrolled_at),
        # The sale itself was made at the lower tier: others look it up by its instant.
        ("silver", sale.purchased_at + timedelta(microseconds=1)),
    ]
    found = await progress_of(world, member.member_id)
    assert (found.tier, found.credit_minor, found.gap_minor) == ("silver", 12_000, 8_000)
    assert await books_are_right(world)


async def test_a_receipt_that_comes_five_times_counts_once(world: World) -> None:
    member = await world.enrol_one(days_ago=30)
    sale = world.sale(member.member_id, 6_000, days_ago=3)
    assert await world.buy(sale, sale) == 1
    for _ in range(3):
        assert await world.buy(sale) == 0
    assert (await progress_of(world, member.member_id)).credit_minor == 6_000
    assert await moves_of(world) == []
    assert await books_are_right(world)


async def test_a_purchase_that_moves_no_tier_leaves_the_told_history_unwritten(
    world: World,
) -> None:
    member = await world.enrol_one(days_ago=30)

    async def written_by() -> str:
        async with transaction(world.engine) as session:
            return str(
                await (await driver(session)).fetchval(
                    "SELECT xmin::text FROM member_tier WHERE member_id = $1", member.member_id
                )
            )

    before = await written_by()
    await world.buy(world.sale(member.member_id, 4_000, days_ago=5))
    await world.buy(world.sale(member.member_id, 4_000, days_ago=3))
    assert await written_by() == before
    assert await books_are_right(world)
    await world.buy(world.sale(member.member_id, 4_000, days_ago=4))
    assert await written_by() != before
    (move,) = await moves_of(world)
    assert move.to_tier == "silver"
    assert await books_are_right(world)


async def test_a_refund_that_comes_before_its_sale_ends_in_the_same_books(world: World) -> None:
    member = await world.enrol_one(days_ago=30)
    await world.buy(world.sale(member.member_id, 5_000, days_ago=1, kind="refund"))
    await world.buy(world.sale(member.member_id, 12_000, days_ago=5))
    found = await progress_of(world, member.member_id)
    assert (found.tier, found.credit_minor) == ("silver", 7_000)
    assert await books_are_right(world)


async def test_a_late_refund_from_before_the_upgrade_takes_the_upgrade_back(world: World) -> None:
    member = await world.enrol_one(days_ago=30)
    await world.buy(world.sale(member.member_id, 6_000, days_ago=9))
    await world.buy(world.sale(member.member_id, 6_000, days_ago=5))
    await world.buy(world.sale(member.member_id, 6_000, days_ago=7, kind="refund"))
    up, down = await moves_of(world)
    assert (up.to_tier, down.to_tier, down.direction) == ("silver", "bronze", "down")
    assert (down.version, down.reason) == (2, "history_changed")
    assert await books_are_right(world)


async def test_a_late_purchase_corrects_since_when_the_tier_holds(world: World) -> None:
    member = await world.enrol_one(days_ago=30)
    first, second = (world.sale(member.member_id, 6_000, days_ago=d) for d in (9, 5))
    late = world.sale(member.member_id, 6_000, days_ago=7)
    await world.buy(first, second)
    await world.buy(late)
    _, corrected = await moves_of(world)
    assert corrected.direction == "corrected"
    assert corrected.effective_at == late.purchased_at
    assert corrected.timeline[-1].since == late.purchased_at + timedelta(microseconds=1)


async def test_a_year_of_receipts_tells_the_same_however_it_is_cut(world: World) -> None:
    """Two members buy the same; one's receipts come one by one, the other's all at once."""
    chance = random.Random(7)
    wang, li = await world.enrol(
        *(
            EnrolWanted(phone, "import", enrolled_at=world.clock() - timedelta(days=365))
            for phone in ("13800138000", "13800138001")
        )
    )
    for_wang, for_li = [], []
    for day in sorted(chance.uniform(0, 364) for _ in range(40)):
        amount_minor = chance.randint(100, 2_500)
        for_wang.append(world.sale(wang.member_id, amount_minor, days_ago=364.5 - day))
        for_li.append(world.sale(li.member_id, amount_minor, days_ago=364.5 - day))
    for sale in for_wang:
        await world.buy(sale)
    await world.buy(*for_li)
    told: dict[UUID, list[tuple[object, ...]]] = {wang.member_id: [], li.member_id: []}
    for move in await moves_of(world):
        told[move.member_id].append((move.version, move.direction, move.to_tier, move.timeline))
    assert told[wang.member_id] == told[li.member_id]
    assert len(told[li.member_id]) == 2
    assert await books_are_right(world)


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_of_arrival_ends_in_the_same_timeline(world: World, seed: int) -> None:
    chance = random.Random(seed)
    wang, li = await world.enrol(
        *(
            EnrolWanted(phone, "import", enrolled_at=world.clock() - timedelta(days=900))
            for phone in ("13800138000", "13800138001")
        )
    )
    ordered: list[Purchase] = []
    for number in range(60):
        kind = chance.choice(["sale", "sale", "sale", "refund"])
        more = {"kind": kind, "transaction_id": UUID(int=seed * 1_000 + number + 1)}
        ordered.append(
            world.sale(
                wang.member_id, chance.randint(1, 4_000), days_ago=chance.uniform(0, 880), **more
            )
        )
    ordered.sort(key=lambda p: p.purchased_at)
    shuffled = [_of(li.member_id, p) for p in chance.sample(ordered, len(ordered))]
    await world.buy(*ordered)
    while shuffled:
        size = chance.randint(1, 9)
        batch, shuffled = shuffled[:size], shuffled[size:]
        await world.buy(*batch, *chance.sample(batch, chance.randint(0, len(batch))))
    left, right = [await progress_of(world, m.member_id) for m in (wang, li)]
    assert left.timeline == right.timeline
    assert (left.valid_until, left.credit_minor) == (right.valid_until, right.credit_minor)
    last = [move for move in await moves_of(world) if move.member_id == li.member_id][-1:]
    for move in last:
        assert move.timeline == told_timeline(right.timeline)
        assert move.version == right.version
    assert await books_are_right(world)


def _of(member_id: UUID, p: Purchase) -> Purchase:
    return Purchase(member_id, p.transaction_id, p.kind, p.purchased_at, p.total_minor, p.currency)


async def test_two_consumers_at_once_lose_and_double_nothing(
    world: World, wide_engine: AsyncEngine
) -> None:
    members = await world.enrol(*(EnrolWanted(f"1380013{n:04d}", "import") for n in range(20)))
    ids = [m.member_id for m in members]
    sales = [world.sale(ids[n % 20], 700) for n in range(400)]
    chance = random.Random(3)

    async def consume(batch: Sequence[Purchase]) -> int:
        async with transaction(wide_engine) as session:
            return await apply_purchases(session, world.clock(), world.program_id, batch)

    batches = [chance.sample(sales, 150) for _ in range(16)] + [sales[:200], sales[200:]]
    counts = await asyncio.gather(*(consume(batch) for batch in batches))
    assert sum(counts) == 400
    versions: dict[UUID, list[int]] = {}
    for move in await moves_of(world):
        versions.setdefault(move.member_id, []).append(move.version)
    for told in versions.values():
        assert told == list(range(1, len(told) + 1)), "versions are told in order"
    assert {(await progress_of(world, i)).credit_minor for i in ids} == {20 * 700}
    assert await books_are_right(world)


async def test_the_profile_adds_up_in_any_order(world: World) -> None:
    member = await world.enrol_one(days_ago=30)
    late, early = (world.sale(member.member_id, 1_000, days_ago=d) for d in (1, 20))
    await world.buy(late)
    await world.buy(early, world.sale(member.member_id, 400, kind="refund"))
    keys = world.settings.program_keys(world.program_id)
    async with transaction(world.engine) as session:
        view = await find_member(session, world.program_id, keys, member.member_id)
    assert view is not None
    assert (view.visits, view.spend_minor) == (2, 1_600)
    assert (view.first_purchase_at, view.last_purchase_at) == (
        early.purchased_at,
        late.purchased_at,
    )


async def test_a_receipt_of_nobody_we_know_is_refused_and_not_skipped(world: World) -> None:
    member = await world.enrol_one()
    with pytest.raises(PurchaserUnknown):
        await world.buy(world.sale(member.member_id, 1), world.sale(new_id(), 1))
    assert (await progress_of(world, member.member_id)).credit_minor == 0


async def test_a_member_of_another_programme_is_nobody_here(
    world: World, other_world: World
) -> None:
    stranger = await other_world.enrol_one()
    with pytest.raises(PurchaserUnknown):
        await world.buy(world.sale(stranger.member_id, 1))


async def test_spend_in_another_currency_is_refused(world: World) -> None:
    member = await world.enrol_one()
    with pytest.raises(CurrencyMismatch):
        await world.buy(world.sale(member.member_id, 1, currency="USD"))


async def test_a_purchase_of_tomorrow_lifts_nobody_today(world: World) -> None:
    member = await world.enrol_one()
    await world.buy(world.sale(member.member_id, 15_000, days_ago=-1))
    assert (await progress_of(world, member.member_id)).tier == "bronze"
    assert await moves_of(world) == []
    assert await books_are_right(world)


async def test_the_news_carries_what_caused_it(world: World) -> None:
    member = await world.enrol_one()
    await world.buy(world.sale(member.member_id, 15_000, correlation_id="till-7", traceparent="t"))
    async with transaction(world.engine) as session:
        row = await (await driver(session)).fetchrow(
            "SELECT correlation_id, traceparent FROM outbox "
            "WHERE program_id = $1 AND type = 'member.tier_changed.v1'",
            world.program_id,
        )
    assert tuple(row) == ("till-7", "t")
