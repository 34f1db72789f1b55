"""Decide the multipliers' bonuses of some receipts: what each should be, less what was given."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.campaigns import Campaign, PointsMultiplier
from services.campaigns.domain.explain import explain_bonus
from services.campaigns.domain.grants import Grant, compare
from services.campaigns.domain.multiplier import bonus_points, eligible_base_micro
from services.campaigns.domain.receipts import Receipt
from services.campaigns.domain.rulebook import candidates
from services.campaigns.domain.tiers import tier_at
from services.campaigns.storage.decisions import Decisions, Scene
from services.campaigns.storage.grants import NewGrant, Revocation, list_bonus_grants
from shared.ids import new_id

Unit = tuple[str, str]


async def settle_bonuses(
    session: AsyncSession, scene: Scene, receipts: list[Receipt], decisions: Decisions
) -> None:
    """Add to `decisions` what brings every bonus of these receipts to its target."""
    known = [r.receipt_id for r in receipts if r.receipt_id not in scene.fresh]
    stored: dict[tuple[object, str], list[Grant]] = {}
    if known:
        for grant in await list_bonus_grants(session, scene.program_id, known):
            stored.setdefault((grant.campaign_id, grant.unit_key), []).append(grant)
    for receipt in receipts:
        tier = _tier_of(scene, receipt)
        for campaign in candidates(scene.handbook.rules, receipt):
            rule = campaign.rule
            if isinstance(rule, PointsMultiplier) and receipt.member_id is not None:
                rows = stored.pop((campaign.campaign_id, _key(receipt)), [])
                target = bonus_points(rule, receipt, tier)
                _settle_one(scene, decisions, campaign, receipt, rows, target)
    # What no version gives any more, such as after a campaign was ended in the past.
    for rows in stored.values():
        _take_back(scene, decisions, rows, 0)


def _tier_of(scene: Scene, receipt: Receipt) -> str | None:
    member = scene.members.get(receipt.member_id) if receipt.member_id else None
    return tier_at(member.timeline, receipt.purchased_at) if member else None


def _key(receipt: Receipt) -> str:
    return f"receipt:{receipt.receipt_id}"


def _settle_one(
    scene: Scene,
    decisions: Decisions,
    campaign: Campaign,
    receipt: Receipt,
    rows: list[Grant],
    target: int,
) -> None:
    difference = compare(rows, target)
    if difference.missing:
        decisions.new.append(
            _new_bonus(scene, campaign, receipt, difference.missing, difference.generation)
        )
    elif difference.take_back:
        _take_back(scene, decisions, rows, target)


def _take_back(scene: Scene, decisions: Decisions, rows: list[Grant], target: int) -> None:
    for back in compare(rows, target).take_back:
        decisions.revocations.append(Revocation(new_id(), back.grant, back.amount, scene.reason))


def _new_bonus(
    scene: Scene, campaign: Campaign, receipt: Receipt, points: int, generation: int
) -> NewGrant:
    rule = campaign.rule
    assert isinstance(rule, PointsMultiplier)
    tier = _tier_of(scene, receipt)
    base_micro = eligible_base_micro(rule, receipt)
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
    inputs = {
        "receipts": [{"receipt_id": str(receipt.receipt_id), "base_micro": base_micro}],
        "factor_thousandths": rule.factor_thousandths,
        "tier": tier,
    }
    explanation = explain_bonus(campaign, rule, base_micro, points, tier)
    return NewGrant(grant, receipt.mall_id, receipt.shop_id, inputs, explanation)
