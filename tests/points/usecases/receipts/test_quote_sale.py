"""A quote takes no locks and follows the newest policy."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from shared.db import transaction
from tests.points.mall import Mall
from tests.points.members import merged


async def quoted(mall: Mall, **fields: object) -> dict[str, object]:
    sale = mall.sale(10_000)
    basket = {name: sale[name] for name in ("shop_id", "currency", "lines")} | fields
    answer = await mall.client.post("/v1/quotes", json=basket, headers=mall.staff())
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_a_quote_does_not_wait_for_who_writes_to_the_account(mall: Mall) -> None:
    member_id = await mall.enrol()
    async with transaction(mall.engine) as session:
        await session.execute(
            text("SELECT FROM account WHERE program_id = :p FOR UPDATE"), {"p": mall.program_id}
        )
        said = await asyncio.wait_for(quoted(mall, member_id=str(member_id)), 10)
    assert said["points"] == 100


async def test_a_quote_knows_a_policy_with_caps_at_once(mall: Mall) -> None:
    member_id = await mall.enrol()
    assert (await quoted(mall, member_id=str(member_id)))["points"] == 100
    await mall.set_policy(caps=[{"code": "daily", "period": "day", "points": 70}])
    said = await quoted(mall, member_id=str(member_id))
    assert (said["points"], said["worth"], said["trimmed"]) == (70, 100, 30)


async def test_a_quote_for_yesterday_goes_by_yesterdays_policy_and_tier(mall: Mall) -> None:
    await mall.set_policy(tier_multipliers_milli={"gold": 2_000})
    member_id = await mall.enrol()
    noon = mall.clock()
    intervals = ((noon - timedelta(days=9), "basic"), (noon - timedelta(hours=1), "gold"))
    await mall.hear(mall.tier_changed(member_id, 1, *intervals))
    now = await quoted(mall, member_id=str(member_id))
    at = (noon - timedelta(days=1)).isoformat()
    before = await quoted(mall, member_id=str(member_id), purchased_at=at)
    assert [(q["tier"], q["points"]) for q in (now, before)] == [("gold", 200), ("basic", 100)]


async def test_a_quote_for_a_merged_member_is_the_survivors(mall: Mall) -> None:
    await mall.set_policy(tier_multipliers_milli={"gold": 2_000})
    old, kept = await mall.enrol(), await mall.enrol("gold")
    await merged(mall, old, kept)
    said = await quoted(mall, member_id=str(old))
    posted = (await mall.push(mall.sale(10_000, member_id=old))).json()
    assert (said["points"], said["member_id"]) == (200, str(kept))
    assert (posted["points"], posted["member_id"]) == (200, str(kept))
