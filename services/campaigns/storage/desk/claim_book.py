"""Write a claim's decision: the book's line, and the grant when it was earned."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.desk.claims import Verdict
from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.domain.rules.campaigns import SpendAndGet
from services.campaigns.storage.desk.claims import ClaimRow, Paper, insert_claim
from services.campaigns.storage.rewards.decisions import Decisions, Scene, write_decisions
from services.campaigns.storage.rewards.grants import NewGrant, issue_grant
from services.campaigns.storage.rewards.rewards import describe_reward
from services.campaigns.storage.rules.gifts import StockRow
from shared.contracts.campaigns import GiftIssued
from shared.ids import new_id
from shared.outbox import News, tell


@dataclass(frozen=True, slots=True)
class Desk:
    """Who stands where."""

    staff: str
    mall_id: UUID
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A claim with its verdict; `shelf` is where a granted gift comes from."""

    campaign_id: UUID
    desk: Desk
    papers: Sequence[Paper]
    member_id: UUID | None
    verdict: Verdict
    shelf: StockRow | None
    hand_out: bool


async def write_claim(session: AsyncSession, scene: Scene, decided: Decided) -> dict[str, Any]:
    """Write grant, usage, stock and the book's line, tell what was given. Returns the answer."""
    claim_id = new_id()
    new = _grant_of(scene, decided, claim_id) if decided.verdict.reason is None else None
    if new is not None:
        grant, decisions = new.grant, Decisions(new=[new])
        if grant.stock_id is not None:
            decisions.take_stock(grant.stock_id, 1)
        await write_decisions(session, scene, decisions)
        if decided.hand_out and grant.kind == "gift":
            await hand_out_gift(session, scene.program_id, scene.now, grant, decided.desk)
    answer = _answer(scene, decided, claim_id, new)
    await insert_claim(session, scene.program_id, _row(scene.now, decided, claim_id, new, answer))
    return answer


async def hand_out_gift(
    session: AsyncSession, program_id: UUID, now: datetime, grant: Grant, desk: Desk
) -> None:
    """Mark a locked, granted gift as handed out, and tell it."""
    await issue_grant(session, program_id, now, grant.grant_id, desk.staff, desk.mall_id)
    event = GiftIssued(
        program_id=program_id,
        grant_id=grant.grant_id,
        member_id=grant.member_id,
        campaign_id=grant.campaign_id,
        gift_sku=grant.gift_sku or "",
        issued_at=now,
        issued_by=desk.staff,
    )
    await tell(session, [News(event, now)])


def _grant_of(scene: Scene, decided: Decided, claim_id: UUID) -> NewGrant:
    verdict, campaign = decided.verdict, decided.verdict.campaign
    assert campaign is not None
    rule = campaign.rule
    assert isinstance(rule, SpendAndGet)
    used = tuple(receipt_id for receipt_id, _ in verdict.uses)
    receipt = scene.receipts[used[-1]]
    grant = Grant(
        grant_id=new_id(),
        campaign_id=campaign.campaign_id,
        version=campaign.version,
        unit_key=f"claim:{claim_id}",
        generation=1,
        family=campaign.family,
        origin="desk",
        member_id=decided.member_id,
        kind=rule.reward.kind,
        points=rule.reward.points,
        points_revoked=0,
        gift_sku=rule.reward.gift_sku,
        stock_id=decided.shelf.stock_id if decided.shelf else None,
        status="granted",
        local_day=receipt.local_day,
        receipt_id=used[-1],
        receipt_ids=used,
        threshold_minor=verdict.threshold_minor,
        shortfall_minor=0,
        granted_at=receipt.purchased_at,
        used_minor=tuple(amount for _, amount in verdict.uses),
    )
    return describe_reward(
        scene.handbook, grant, decided.desk.mall_id, receipt.shop_id, verdict.uses
    )


def _row(
    now: datetime, decided: Decided, claim_id: UUID, new: NewGrant | None, answer: dict[str, Any]
) -> ClaimRow:
    reward = answer["reward"]
    return ClaimRow(
        claim_id=claim_id,
        campaign_id=decided.campaign_id,
        staff=decided.desk.staff,
        decided_at=now,
        member_id=decided.member_id,
        receipts=answer["receipts"],
        gift_sku=reward["gift_sku"] if reward else None,
        quantity=1 if new else 0,
        mall_id=decided.desk.mall_id,
        desk=decided.desk.name,
        decision=answer["decision"],
        reason=answer["reason"],
        grant_id=new.grant.grant_id if new else None,
    )


def _answer(scene: Scene, decided: Decided, claim_id: UUID, new: NewGrant | None) -> dict[str, Any]:
    verdict = decided.verdict
    amounts = verdict.receipts or (None,) * len(decided.papers)
    receipts = [
        {
            **paper.as_json(),
            "status": amount.status if amount else "not_judged",
            "eligible_minor": amount.eligible_minor if amount else 0,
            "available_minor": amount.available_minor if amount else 0,
            "used_minor": amount.used_minor if amount else 0,
        }
        for paper, amount in zip(decided.papers, amounts, strict=True)
    ]
    return {
        "claim_id": str(claim_id),
        "campaign_id": str(decided.campaign_id),
        "campaign_version": verdict.campaign.version if verdict.campaign else None,
        "decided_at": scene.now.isoformat(),
        "member_id": str(decided.member_id) if decided.member_id else None,
        "decision": "granted" if new else "refused",
        "reason": verdict.reason,
        "threshold_minor": verdict.threshold_minor,
        "shortfall_minor": verdict.shortfall_minor,
        "receipts": receipts,
        "reward": _reward(scene, decided),
        "grant_id": str(new.grant.grant_id) if new else None,
        "is_handed_out": bool(new and new.grant.kind == "gift" and decided.hand_out),
        "explanation": json.loads(new.explanation) if new else None,
    }


def _reward(scene: Scene, decided: Decided) -> dict[str, Any] | None:
    campaign = decided.verdict.campaign
    if campaign is None or not isinstance(campaign.rule, SpendAndGet):
        return None
    reward = campaign.rule.reward
    names = scene.handbook.gifts.get(reward.gift_sku or "")
    return {
        "kind": reward.kind,
        "points": reward.points,
        "gift_sku": reward.gift_sku,
        "gift_name": dict(names) if names else None,
    }
