"""Late tiers re-rate what was bought since they differ."""

import asyncio
from datetime import timedelta

import pytest

from shared.ids import new_id
from tests.points.mall import Mall

GOLD = {"gold": 2_000, "silver": 1_500}


@pytest.fixture
async def tiered(mall: Mall) -> Mall:
    await mall.set_policy(tier_multipliers_milli=GOLD)
    return mall


async def test_a_late_tier_re_rates_with_a_posting_that_says_why(tiered: Mall) -> None:
    member_id = await tiered.enrol()
    await tiered.sold(10_000, member_id=member_id)
    tier = tiered.tier_changed(member_id, 1, (tiered.clock() - timedelta(days=1), "gold"))
    await tiered.hear(tier)
    assert await tiered.balance(member_id) == 200
    explained = (await tiered.get(f"/v1/members/{member_id}/postings/2", member_id)).json()
    assert (explained["kind"], explained["points"]) == ("rerate", 100)
    assert (explained["reason"]["earned_before"], explained["reason"]["earned_after"]) == (100, 200)
    assert "gold" in explained["sentences"]["en"]
    assert "200" in explained["sentences"]["zh-CN"]


async def test_the_same_or_an_older_version_changes_nothing(tiered: Mall) -> None:
    member_id = await tiered.enrol()
    await tiered.sold(10_000, member_id=member_id)
    long_ago = tiered.clock() - timedelta(days=400)
    gold = tiered.tier_changed(member_id, 2, (long_ago, "gold"))
    silver = tiered.tier_changed(member_id, 1, (long_ago, "silver"))
    await tiered.hear(gold, silver, gold)
    assert await tiered.balance(member_id) == 200
    [(postings,)] = await tiered.rows("SELECT count(*) FROM posting WHERE program_id = :p")
    assert postings == 2


async def test_only_what_was_bought_since_the_change_is_rated_anew(tiered: Mall) -> None:
    member_id = await tiered.enrol()
    await tiered.sold(10_000, member_id=member_id)
    tiered.clock.advance(days=2)
    await tiered.sold(10_000, member_id=member_id)
    start = tiered.clock() - timedelta(days=300)
    since = tiered.clock() - timedelta(days=1)
    await tiered.hear(tiered.tier_changed(member_id, 1, (start, "basic"), (since, "gold")))
    assert [row[2] for row in await tiered.books()] == [100, 200]


async def test_a_corrected_tier_takes_points_back_even_into_debt(tiered: Mall) -> None:
    member_id = await tiered.enrol("gold")
    await tiered.sold(10_000, member_id=member_id)
    await tiered.adjust(member_id, -200, "spend")
    long_ago = tiered.clock() - timedelta(days=400)
    await tiered.hear(tiered.tier_changed(member_id, 1, (long_ago, "basic")))
    assert await tiered.balance(member_id) == -100


@pytest.mark.parametrize("clawback", ["clamp", "within_balance"])
async def test_a_corrected_tier_makes_debt_whatever_a_refund_may_take(
    mall: Mall, clawback: str
) -> None:
    """Points of a tier that was never held were not earned: who spends them fast keeps none."""
    await mall.set_policy(tier_multipliers_milli=GOLD, clawback=clawback)
    long_ago = mall.clock() - timedelta(days=400)
    spent_first, told_first = await mall.enrol("gold"), await mall.enrol("gold")
    await mall.hear(mall.tier_changed(told_first, 1, (long_ago, "basic")))
    for member_id in (spent_first, told_first):
        await mall.sold(10_000, member_id=member_id)
        await mall.adjust(member_id, -100, f"spend {member_id}")
    await mall.adjust(spent_first, -100, "spend the rest")
    await mall.hear(mall.tier_changed(spent_first, 1, (long_ago, "basic")))
    assert [await mall.balance(m) for m in (spent_first, told_first)] == [-100, 0]


async def test_a_half_refunded_sale_is_rated_anew_by_its_other_half(tiered: Mall) -> None:
    member_id = await tiered.enrol()
    sale = await tiered.sold(10_000, member_id=member_id)
    await tiered.push(tiered.refund(sale, (1, 5_000)))
    long_ago = tiered.clock() - timedelta(days=400)
    await tiered.hear(tiered.tier_changed(member_id, 1, (long_ago, "gold")))
    assert await tiered.balance(member_id) == 100
    assert (await tiered.push(tiered.refund(sale, (1, 5_000)))).json()["balance"] == 0


async def test_a_tier_told_before_the_enrolment_is_kept(tiered: Mall) -> None:
    member_id = new_id()
    long_ago = tiered.clock() - timedelta(days=400)
    await tiered.hear(tiered.tier_changed(member_id, 1, (long_ago, "gold")))
    await tiered.hear(tiered.enrolled(member_id, "600000000001"))
    answer = await tiered.push(tiered.sale(10_000, member_id=member_id))
    assert answer.json()["points"] == 200


async def test_sales_keep_the_policy_that_rated_them(tiered: Mall) -> None:
    member_id = await tiered.enrol()
    await tiered.sold(10_000, member_id=member_id)
    await tiered.set_policy(
        effective_from=(tiered.clock() - timedelta(days=1)).isoformat(),
        programme={"points": 9, "per_minor": 100},
        tier_multipliers_milli=GOLD,
    )
    long_ago = tiered.clock() - timedelta(days=400)
    await tiered.hear(tiered.tier_changed(member_id, 1, (long_ago, "gold")))
    assert await tiered.balance(member_id) == 200


async def test_tiers_receipts_and_refunds_at_once_end_in_the_same_books(
    tiered: Mall, twin: Mall
) -> None:
    long_ago = tiered.clock() - timedelta(days=400)
    for _ in range(8):
        member_id = await tiered.enrol()
        sale = await tiered.sold(10_000, member_id=member_id)
        await asyncio.gather(
            tiered.push(tiered.sale(5_000, member_id=member_id)),
            twin.push(tiered.refund(sale, (1, 5_000))),
            tiered.hear(tiered.tier_changed(member_id, 1, (long_ago, "silver"))),
            twin.hear(tiered.tier_changed(member_id, 2, (long_ago, "gold"))),
        )
        assert await tiered.balance(member_id) == 200
