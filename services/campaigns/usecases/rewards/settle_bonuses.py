"""Decide the multipliers' bonuses of some receipts: what each should be, less what was given."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.directory.tiers import tier_at
from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rewards.explain import explain_bonus
from services.campaigns.domain.rewards.grants import Grant, compare
from services.campaigns.domain.rewards.multiplier import bonus_points
from services.campaigns.domain.rules.campaigns import Campaign, PointsMultiplier
from services.campaigns.domain.rules.rulebook import Meeting
from services.campaigns.storage.rewards.decisions import Decisions, Scene
from services.campaigns.storage.rewards.grants import NewGrant, Revocation, list_bonus_grants
from services.campaigns.storage.rewards.rewards import written
from shared.ids import new_id


class _Bonus(NamedTuple):
    """What a version gives for what a receipt has in its scope."""

    campaign: Campaign
    receipt: Receipt
    tier: str | None
    base_micro: int
    points: int


async def settle_bonuses(
    session: AsyncSession, scene: Scene, meetings: Sequence[Meeting], decisions: Decisions
) -> None:
    """Add to `decisions` what brings every bonus of these receipts to its target."""
    ids = [meeting.receipt.receipt_id for meeting in meetings]
    known = [i for i in ids if i not in scene.fresh]
    stored: dict[tuple[UUID, str], list[Grant]] = {}
    if known:
        for grant in await list_bonus_grants(session, scene.program_id, known):
            stored.setdefault((grant.campaign_id, grant.unit_key), []).append(grant)
    for bonus in _bonuses(scene, meetings):
        rows = stored.pop((bonus.campaign.campaign_id, _key(bonus.receipt)), ()) if stored else ()
        _settle_one(scene, decisions, bonus, rows)
    # What no version gives any more, such as after a campaign was ended in the past.
    for rows in stored.values():
        _take_back(scene, decisions, rows, 0)


def _bonuses(scene: Scene, meetings: Iterable[Meeting]) -> Iterator[_Bonus]:
    """All that is due, more than nothing each."""
    for receipt, counted in meetings:
        if receipt.member_id is None:
            continue
        met = [(c, micro) for rules, _, micro in counted for c in rules.multipliers]
        tier = _tier_of(scene, receipt) if met else None
        for campaign, base_micro in met:
            rule = campaign.rule
            assert isinstance(rule, PointsMultiplier)
            points = bonus_points(rule, receipt, tier, base_micro)
            if points and campaign.decides(receipt.purchased_at):
                yield _Bonus(campaign, receipt, tier, base_micro, points)


def _tier_of(scene: Scene, receipt: Receipt) -> str | None:
    member = scene.members.get(receipt.member_id) if receipt.member_id else None
    return tier_at(member.timeline, receipt.purchased_at) if member else None


def _key(receipt: Receipt) -> str:
    return f"receipt:{receipt.receipt_id}"


def _settle_one(scene: Scene, decisions: Decisions, bonus: _Bonus, rows: Sequence[Grant]) -> None:
    difference = compare(rows, bonus.points)
    if difference.missing:
        decisions.new.append(_new_bonus(bonus, difference.missing, difference.generation))
    elif difference.take_back:
        _take_back(scene, decisions, rows, bonus.points)


def _take_back(scene: Scene, decisions: Decisions, rows: Sequence[Grant], target: int) -> None:
    for back in compare(rows, target).take_back:
        decisions.revocations.append(Revocation(new_id(), back.grant, back.amount, scene.reason))


def _new_bonus(bonus: _Bonus, points: int, generation: int) -> NewGrant:
    campaign, receipt, rule = bonus.campaign, bonus.receipt, bonus.campaign.rule
    assert isinstance(rule, PointsMultiplier)
    grant = Grant(
        grant_id=new_id(),
        campaign_id=campaign.campaign_id,
        version=campaign.version,
        unit_key=_key(receipt),
        generation=generation,
        family=None,
        origin="automatic",
        member_id=receipt.member_id,
        kind="points",
        points=points,
        points_revoked=0,
        gift_sku=None,
        stock_id=None,
        status="granted",
        local_day=receipt.local_day,
        receipt_id=receipt.receipt_id,
        receipt_ids=(receipt.receipt_id,),
        threshold_minor=None,
        shortfall_minor=0,
        granted_at=receipt.purchased_at,
    )
    inputs = (
        f'{{"receipts":[{{"receipt_id":"{receipt.receipt_id}","base_micro":{bonus.base_micro}}}],'
        f'"factor_thousandths":{rule.factor_thousandths},"tier":{json.dumps(bonus.tier)}}}'
    )
    explanation = written(explain_bonus(campaign, rule, bonus.base_micro, points, bonus.tier))
    return NewGrant(grant, receipt.mall_id, receipt.shop_id, inputs, explanation)
