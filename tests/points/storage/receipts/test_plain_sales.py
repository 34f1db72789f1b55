"""Whatever changes what a sale would earn while it is decided without locks makes it be decided
again; what does not change it lets it pass."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import to_json

from services.points.api.receipts.pos_parsing import Reader, read_one
from services.points.domain.receipts.receipts import Bounds
from services.points.settings import PointsSettings
from services.points.storage.ledger.book_rows import Seen
from services.points.storage.ledger.books import write_plain_sales
from services.points.storage.receipts.directory import Rulebooks
from services.points.storage.receipts.plain_sales import Glance, glance_at_sales
from services.points.storage.receipts.pos_batch import Look, TillBatch, decide, open_batch
from shared.db import Collision, Statements, open_statements
from tests.points.mall import Mall
from tests.points.members import (
    freeze,
    join_pool,
    merge,
    merged,
    offer,
    opened_pool,
    put_in_pool,
    two_members,
    undone,
)
from tests.support.service import DEPLOYMENT_KEY

BOUNDS = Bounds(timedelta(seconds=300), timedelta(days=400))
DAILY = {"code": "daily", "period": "day", "points": 100, "when_exceeded": "trim"}
GOLD = {"tier_multipliers_milli": {"gold": 2_000}}
Meanwhile = Callable[[], Awaitable[Any]]


@pytest.fixture
async def statements(settings: PointsSettings) -> AsyncIterator[Statements]:
    """A connection like the committer's."""
    async with open_statements(settings.database_url, 1) as opened:
        yield opened


async def _look(mall: Mall, statements: Statements, batch: TillBatch) -> Glance:
    rulebooks = Rulebooks()
    while (
        glance := await glance_at_sales(statements, mall.program_id, rulebooks, [batch])
    ).is_short:
        pass
    return glance


async def sell_late(
    mall: Mall, statements: Statements, member_id: UUID, meanwhile: Meanwhile, **fields: Any
) -> None:
    """Look at a sale of 80.00 and decide it, let `meanwhile` happen, then write it."""
    reader = Reader(mall.program_id, DEPLOYMENT_KEY, 1_000)
    receipt = read_one(reader, to_json(mall.sale(8_000, member_id=member_id, **fields)))
    batch = TillBatch(mall.program_id, mall.shop_id, "T1", 1, [receipt])
    glance = await _look(mall, statements, batch)
    account = glance.accounts[member_id]
    moved = (account.version, account.tier_version, account.pending, account.held)
    [item] = open_batch(batch, glance.directory, mall.clock(), BOUNDS)
    item.member_id = member_id
    look = Look(glance.accounts, {}, {})
    decide(look, mall.program_id, mall.clock(), glance.directory, item)
    await meanwhile()
    seen = [Seen(member_id, *moved)]
    await write_plain_sales(statements, mall.program_id, mall.clock(), seen, look.write)


async def spent(mall: Mall, member_id: UUID) -> UUID:
    """A member who earned 80 of the day's 100 points and has none left."""
    await mall.sold(8_000, member_id=member_id)
    await mall.adjust(member_id, -80, f"spent by {member_id}")
    return member_id


async def test_the_merge_of_an_account_without_points_brings_what_it_used_of_caps(
    mall: Mall, statements: Statements
) -> None:
    await mall.set_policy(caps=[DAILY])
    old, kept = await two_members(mall)
    await spent(mall, old)
    with pytest.raises(Collision):
        await sell_late(mall, statements, kept, lambda: merged(mall, old, kept))
    answer = (await mall.push(mall.sale(8_000, member_id=kept))).json()
    assert (answer["points"], answer["trimmed"]) == (20, 60)


async def test_a_tier_of_a_merged_member_that_only_moves_caps_is_seen(
    mall: Mall, statements: Statements
) -> None:
    await mall.set_policy(caps=[DAILY], **GOLD)
    old, kept = await two_members(mall)
    sale = await mall.sold(8_000, member_id=old)
    await mall.push(mall.refund(sale))
    await merged(mall, old, kept)
    gold = mall.tier_changed(old, 1, (mall.clock() - timedelta(days=300), "gold"))
    with pytest.raises(Collision):
        await sell_late(mall, statements, kept, lambda: mall.hear(gold))
    answer = (await mall.push(mall.sale(8_000, member_id=kept))).json()
    assert (answer["points"], answer["trimmed"]) == (0, 80)


async def test_a_tier_is_heard_after_a_merge_moved_what_sales_look_at(mall: Mall) -> None:
    await mall.set_policy(**GOLD)
    old, kept = await two_members(mall)
    await mall.sold(1_000, member_id=kept)
    await merged(mall, old, kept)
    long_ago = mall.clock() - timedelta(days=300)
    await mall.hear(mall.tier_changed(kept, 1, (long_ago, "gold")))
    assert await mall.balance(kept) == 20
    await mall.hear(mall.tier_changed(kept, 1, (long_ago, "basic")))
    assert await mall.balance(kept) == 20


@pytest.mark.parametrize(
    "what",
    ["sale", "tier", "adjustment", "offer", "pool", "merged_away", "survives", "undone", "event"],
)
async def test_what_moves_an_account_is_seen(mall: Mall, statements: Statements, what: str) -> None:
    await mall.set_policy(caps=[DAILY], **GOLD)
    member_id, other = await two_members(mall)
    await mall.adjust(member_id, 50, "a")
    await mall.adjust(other, 50, "b")
    long_ago = mall.clock() - timedelta(days=300)
    made = await merged(mall, other, member_id) if what == "undone" else {}
    pool = await opened_pool(mall, member_id)
    happens: dict[str, Meanwhile] = {
        "sale": lambda: mall.sold(100, member_id=member_id),
        "tier": lambda: mall.hear(mall.tier_changed(member_id, 1, (long_ago, "gold"))),
        "adjustment": lambda: mall.adjust(member_id, 5, "c"),
        "offer": lambda: offer(mall, member_id, other, 10),
        "pool": lambda: put_in_pool(mall, pool, member_id, 10),
        "merged_away": lambda: _leave_and_merge(mall, pool, member_id, other),
        "survives": lambda: merge(mall, other, member_id),
        "undone": lambda: undone(mall, made),
        "event": lambda: mall.post(
            f"/v1/members/{member_id}/activation-events", {"event": "delivered"}, None, "e"
        ),
    }
    with pytest.raises(Collision):
        await sell_late(mall, statements, member_id, happens[what])


async def _leave_and_merge(mall: Mall, pool: str, member_id: UUID, other: UUID) -> None:
    await mall.post(f"/v1/pools/{pool}/dissolution", None, member_id)
    await merged(mall, member_id, other)


@pytest.mark.parametrize("what", ["freeze", "wallet", "pool_joined", "number"])
async def test_what_no_sale_depends_on_lets_it_pass(
    mall: Mall, statements: Statements, what: str
) -> None:
    member_id, other = await two_members(mall)
    stars = {"name": "Stars", "expiry": {"kind": "never"}}
    await mall.client.put("/v1/wallets/stars", json=stars, headers=mall.staff())
    body = {"reason_code": "x", "note": "x", "points": 7, "wallet": "stars"}
    pool = await opened_pool(mall, other)
    happens: dict[str, Meanwhile] = {
        "freeze": lambda: freeze(mall, member_id),
        "wallet": lambda: mall.post(f"/v1/members/{member_id}/adjustments", body, None, "a"),
        "pool_joined": lambda: join_pool(mall, pool, other, member_id),
        "number": lambda: mall.hear(mall.enrolled(member_id, "600000000011")),
    }
    await sell_late(mall, statements, member_id, happens[what])
    assert await mall.balance(member_id) == 80


async def velocity(mall: Mall, per: str) -> None:
    """One receipt an hour is usual, two are looked at."""
    rules = {"velocities": [{"per": per, "window_seconds": 3_600, "receipts_max": 1}]}
    answer = await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("per", ["till", "cashier"])
async def test_a_receipt_that_overlaps_another_of_its_till_may_pass_and_the_next_counts_both(
    mall: Mall, statements: Statements, per: str
) -> None:
    """The stated bound: only what was under way at once is not counted, and once."""
    await velocity(mall, per)
    one, two = await two_members(mall)
    till = {"cashier_id": "C7"}
    meanwhile = mall.sale(1_000, member_id=two, **till)
    await sell_late(mall, statements, one, lambda: mall.push(meanwhile), **till)
    assert [status for _, status, *_ in await mall.books()] == ["posted", "posted"]
    third = (await mall.push(mall.sale(1_000, member_id=one, **till))).json()
    assert (third["status"], third["points"]) == ("in_review", 0)
    [case] = (await mall.get("/v1/cases")).json()["cases"]
    assert (case["reasons"][0]["per"], case["reasons"][0]["receipts"]) == (per, 3)


async def test_receipts_of_one_member_that_overlap_are_counted_exactly(
    mall: Mall, statements: Statements
) -> None:
    await velocity(mall, "member")
    member_id, _ = await two_members(mall)
    with pytest.raises(Collision):
        await sell_late(mall, statements, member_id, lambda: mall.sold(1_000, member_id=member_id))
    again = (await mall.push(mall.sale(1_000, member_id=member_id))).json()
    assert again["status"] == "in_review"


@pytest.mark.parametrize("per", ["till", "cashier", "member"])
async def test_who_waits_for_each_answer_is_counted_exactly_through_any_door(
    mall: Mall, twin: Mall, per: str
) -> None:
    await velocity(mall, per)
    member_id, _ = await two_members(mall)
    statuses = [
        (await door.push(mall.sale(0, member_id=member_id, cashier_id="C7"))).json()["status"]
        for door in (mall, twin) * 3
    ]
    assert statuses == ["posted"] + ["in_review"] * 5
