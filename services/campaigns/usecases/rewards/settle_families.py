"""Decide spend-and-get rewards of the parties, families and days that some receipts touch."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.errors import ReceiptMoved
from services.campaigns.domain.receipts.reach import (
    Touch,
    add_to_day,
    counts_for_days,
    day_of,
    day_totals,
    touched_alone,
    touched_by_change,
    touched_with_day,
)
from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.domain.rewards.settlement import FamilyChanges, settle
from services.campaigns.domain.rewards.spending import Deserved, StockKey, judge, place_in_order
from services.campaigns.domain.rules.campaigns import SpendAndGet
from services.campaigns.domain.rules.rulebook import Meeting
from services.campaigns.storage.receipts.day_pool import DayPool, open_pool, read_days
from services.campaigns.storage.rewards.decisions import Decisions, Scene
from services.campaigns.storage.rewards.family_work import FamilyWork, Group, load_families
from services.campaigns.storage.rewards.grants import NewGrant, Revocation, list_held
from services.campaigns.storage.rewards.rewards import describe_reward
from services.campaigns.storage.rewards.usage import list_uses
from services.campaigns.storage.rules.gifts import StockRow, lock_stock, shelf_of
from shared.ids import new_id


async def settle_families(
    session: AsyncSession, scene: Scene, meetings: Sequence[Meeting], decisions: Decisions
) -> None:
    """Add to `decisions` what brings these groups to the state that all their receipts deserve."""
    receipts = [meeting.receipt for meeting in meetings]
    older = [r for r in receipts if r.receipt_id not in scene.fresh]
    usage = await list_uses(session, scene.program_id, older)
    pool = open_pool(receipts)
    touched: dict[Group, set[date]] = {}
    for touch in await _list_touched(session, scene, meetings, pool):
        touched.setdefault((touch.member_id, touch.family), set()).add(touch.day)
    for use in usage:
        if use.party is not None and use.party not in scene.members:
            raise ReceiptMoved("A receipt was claimed while its news was worked.")
        touched.setdefault((use.party, use.family), set()).add(use.local_day)
    if not touched:
        return
    works = await load_families(session, scene, touched, usage, pool)
    for work in works:
        work.judgement = judge(work.case)
    shelves = await _judge_stock(session, scene, works)
    for work in works:
        _decide(scene, decisions, work, shelves)


async def _list_touched(
    session: AsyncSession, scene: Scene, meetings: Iterable[Meeting], pool: DayPool
) -> set[Touch]:
    touched: set[Touch] = set()
    of_days: list[Meeting] = []
    for meeting in meetings:
        if meeting.receipt.receipt_id not in scene.fresh:
            touched.update(touched_by_change(meeting))
            continue
        touched.update(touched_alone(meeting))
        if meeting.receipt.member_id is not None and counts_for_days(meeting):
            of_days.append(meeting)
    return touched | await _touched_with_days(session, scene, of_days, pool)


async def _touched_with_days(
    session: AsyncSession, scene: Scene, fresh: Sequence[Meeting], pool: DayPool
) -> set[Touch]:
    book = scene.handbook.rules
    days = {day_of(meeting.receipt) for meeting in fresh}
    await read_days(session, scene.program_id, pool, days)
    older = {d: [r for r in pool.by_day[d] if r.receipt_id not in scene.fresh] for d in days}
    # Whoever has something of a day has a receipt of that day that was there before.
    begun = [day for day, receipts in older.items() if receipts]
    held = await list_held(session, scene.program_id, begun)
    last = {day: max(map(place_in_order, older[day])) for day in begun}
    totals = {day: day_totals(book, older[day]) for day in days}
    for meeting in fresh:
        add_to_day(totals[day_of(meeting.receipt)], meeting)
    touched: set[Touch] = set()
    for meeting in fresh:
        day = day_of(meeting.receipt)
        is_last = day not in last or last[day] < place_in_order(meeting.receipt)
        touched.update(
            touched_with_day(book, meeting, totals[day], held.get(day, {}), is_last=is_last)
        )
    return touched


async def _judge_stock(
    session: AsyncSession, scene: Scene, works: Sequence[FamilyWork]
) -> dict[StockKey, StockRow]:
    """Judge again, under the shelves' locks, the groups that want or give back gifts."""
    skus = {
        campaign.rule.reward.gift_sku
        for work in works
        if _moves_gifts(work)
        for campaign in work.state.rules
        if isinstance(campaign.rule, SpendAndGet) and campaign.rule.reward.gift_sku
    }
    if not skus:
        return {}
    shelves = {row.key: row for row in await lock_stock(session, scene.program_id, sorted(skus))}
    stock = {key: row.remaining for key, row in shelves.items()}
    for work in works:
        if _moves_gifts(work):
            work.judgement = judge(work.case, stock)
    return shelves


def _moves_gifts(work: FamilyWork) -> bool:
    if any(g.kind == "gift" and g.net > 0 and not g.is_out for g in work.state.grants):
        return True
    rules = [d.campaign.rule for d in work.judgement.deserved]
    return any(isinstance(rule, SpendAndGet) and rule.reward.kind == "gift" for rule in rules)


def _decide(
    scene: Scene, decisions: Decisions, work: FamilyWork, shelves: dict[StockKey, StockRow]
) -> None:
    changes: FamilyChanges = settle(work.state, work.days, work.judgement)
    stored = {g.grant_id: g for g in work.state.grants}
    for back, why in changes.take_back:
        grant = back.grant
        points = back.amount if grant.kind == "points" else None
        decisions.revocations.append(Revocation(new_id(), grant, points, why or scene.reason))
        if grant.stock_id is not None:
            decisions.take_stock(grant.stock_id, -1)
    for deserved, generation in changes.new:
        new = _new_reward(scene, work, deserved, generation, shelves)
        decisions.new.append(new)
        if new.grant.stock_id is not None:
            decisions.take_stock(new.grant.stock_id, 1)
    for grant_id, uses in changes.uses.items():
        if dict(uses) != stored[grant_id].uses:
            decisions.uses.append((stored[grant_id], uses))
    decisions.shortfalls += [(stored[i], n) for i, n in changes.shortfalls.items()]
    decisions.withheld_gone += changes.withheld_gone
    if work.state.party is not None:
        decisions.withheld += [(work.state.party, w) for w in changes.withheld]


def _new_reward(
    scene: Scene,
    work: FamilyWork,
    deserved: Deserved,
    generation: int,
    shelves: dict[StockKey, StockRow],
) -> NewGrant:
    campaign, receipt = deserved.campaign, deserved.earned_by
    rule = campaign.rule
    assert isinstance(rule, SpendAndGet)
    sku = rule.reward.gift_sku
    shelf = None
    if sku is not None:
        shelf = shelf_of(shelves, sku, receipt.mall_id)
    grant = Grant(
        grant_id=new_id(),
        campaign_id=campaign.campaign_id,
        version=campaign.version,
        unit_key=deserved.unit_key,
        generation=generation,
        family=campaign.family,
        origin="automatic",
        member_id=work.state.party,
        kind=rule.reward.kind,
        points=rule.reward.points,
        points_revoked=0,
        gift_sku=sku,
        stock_id=shelf.stock_id if shelf else None,
        status="granted",
        local_day=receipt.local_day,
        receipt_id=receipt.receipt_id,
        receipt_ids=tuple(receipt_id for receipt_id, _ in deserved.uses),
        threshold_minor=rule.member_threshold_minor,
        shortfall_minor=0,
        granted_at=receipt.purchased_at,
        used_minor=tuple(amount for _, amount in deserved.uses),
    )
    return describe_reward(scene.handbook, grant, receipt.mall_id, receipt.shop_id, deserved.uses)
