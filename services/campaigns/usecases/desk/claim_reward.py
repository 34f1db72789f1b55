"""The desk's line: scan a card and receipts, get a decision, and the book has it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.desk.claims import Shown, Verdict, decide_claim
from services.campaigns.domain.desk.errors import ClaimNotServed
from services.campaigns.domain.receipts.receipts import Receipt, to_be_judged
from services.campaigns.domain.rewards.spending import OUT_OF_STOCK, Purse, judge
from services.campaigns.domain.rules.campaigns import Campaign, SpendAndGet
from services.campaigns.storage.desk.claim_book import Decided, Desk, write_claim
from services.campaigns.storage.desk.claims import Paper, find_by_paper
from services.campaigns.storage.directory.members import find_member_id, lock_members
from services.campaigns.storage.receipts.day_pool import open_pool
from services.campaigns.storage.receipts.receipts import lock_receipts
from services.campaigns.storage.request_keys import RequestKey, keep_answer, take_request_key
from services.campaigns.storage.rewards.decisions import Scene
from services.campaigns.storage.rewards.family_work import FamilyWork, load_families
from services.campaigns.storage.rewards.usage import list_desk_uses
from services.campaigns.storage.rules.campaigns import get_status
from services.campaigns.storage.rules.gifts import StockRow, lock_stock, shelf_of
from services.campaigns.storage.rules.handbook import Handbook, share_handbook


@dataclass(frozen=True, slots=True)
class Claim:
    """What a desk asks. With neither member id nor number it is for somebody without a card."""

    campaign_id: UUID
    desk: Desk
    papers: Sequence[Paper]
    member_id: UUID | None = None
    member_number: str | None = None
    hand_out: bool = False

    @property
    def is_for_member(self) -> bool:
        """Whether a card was shown."""
        return self.member_id is not None or self.member_number is not None


async def claim_reward(
    session: AsyncSession, now: datetime, program_id: UUID, request: RequestKey, claim: Claim
) -> dict[str, Any]:
    """The decision as the desk sees it (see api/desk/claims.py); the same request gets the same.

    A refusal is an answer, not an error, and stands in the book too. Raises `CampaignUnknown`,
    `ClaimNotServed`, `IdempotencyKeyReused`.
    """
    stored = await take_request_key(session, program_id, now, request)
    if stored is not None:
        return stored
    handbook = await share_handbook(session, program_id)
    rule = await _desk_rule(session, program_id, handbook, claim.campaign_id)
    member_id = None
    if claim.is_for_member:
        member_id = await find_member_id(
            session, program_id, member_id=claim.member_id, number=claim.member_number
        )
    scene, found = await _lock(session, now, program_id, handbook, claim, member_id)
    refusal = _refusal(rule, claim, member_id)
    verdict, shelf = Verdict(refusal, ()), None
    if refusal is None:
        verdict = await _judge(session, scene, claim, member_id, found)
    if verdict.reason is None:
        verdict, shelf = await _take_gift(session, scene, claim, verdict)
    decided = Decided(
        claim.campaign_id, claim.desk, claim.papers, member_id, verdict, shelf, claim.hand_out
    )
    answer = await write_claim(session, scene, decided)
    await keep_answer(session, program_id, request, answer)
    return answer


async def _desk_rule(
    session: AsyncSession, program_id: UUID, handbook: Handbook, campaign_id: UUID
) -> SpendAndGet | None:
    """The live version's rule; None when the campaign is not live."""
    status = await get_status(session, program_id, campaign_id)
    versions = [c for c in handbook.rules.versions.values() if c.campaign_id == campaign_id]
    if not versions:
        return None
    rule = max(versions, key=lambda c: c.version).rule
    if not isinstance(rule, SpendAndGet) or rule.grant != "desk":
        raise ClaimNotServed("This campaign gives its rewards by itself.")
    return rule if status == "live" else None


async def _lock(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    handbook: Handbook,
    claim: Claim,
    member_id: UUID | None,
) -> tuple[Scene, dict[Paper, Receipt]]:
    """Members before receipts, as everywhere."""
    members = await lock_members(session, program_id, [member_id] if member_id else [])
    ids = await find_by_paper(session, program_id, claim.papers)
    locked = await lock_receipts(session, program_id, ids.values())
    receipts = to_be_judged(locked.values())
    found = {paper: receipts[receipt_id] for paper, receipt_id in ids.items()}
    return Scene(program_id, now, handbook, members, receipts), found


def _refusal(rule: SpendAndGet | None, claim: Claim, member_id: UUID | None) -> str | None:
    if rule is None:
        return "campaign_not_live"
    if claim.is_for_member and member_id is None:
        return "member_unknown"
    if member_id is None and (rule.other_threshold_minor is None or rule.reward.kind == "points"):
        return "members_only"
    return None


async def _judge(
    session: AsyncSession,
    scene: Scene,
    claim: Claim,
    member_id: UUID | None,
    found: dict[Paper, Receipt],
) -> Verdict:
    receipts = list(found.values())
    versions = {r.receipt_id: _version_for(scene, claim.campaign_id, r) for r in receipts}
    family = next(
        c.family
        for c in scene.handbook.rules.versions.values()
        if c.campaign_id == claim.campaign_id
    )
    usage = [
        u
        for u in await list_desk_uses(session, scene.program_id, list(versions))
        if u.family == family
    ]
    mine = [u for u in usage if u.party == member_id]
    others = {u.receipt_id for u in usage if u.party != member_id}
    group = {(member_id, family): {r.local_day for r in receipts}}
    purse, given = Purse(receipts), 0
    if receipts:
        (work,) = await load_families(session, scene, group, mine, open_pool(receipts))
        given = sum(
            1 for g in work.state.grants if g.net > 0 and g.campaign_id == claim.campaign_id
        )
        pool = {r.receipt_id: r for r in (*work.case.receipts, *receipts)}
        purse = Purse(pool.values())
        _use_up(purse, work)
    shown = [
        Shown(
            receipt := found.get(paper),
            versions[receipt.receipt_id] if receipt else None,
            is_of_other=bool(receipt and receipt.member_id not in (None, member_id)),
            is_used_by_other=bool(receipt and receipt.receipt_id in others),
        )
        for paper in claim.papers
    ]
    return decide_claim(shown, purse, is_member=member_id is not None, rewards_given=given)


def _version_for(scene: Scene, campaign_id: UUID, receipt: Receipt) -> Campaign | None:
    """The campaign's version that was in force at the purchase."""
    for campaign in scene.handbook.rules.versions.values():
        if campaign.campaign_id == campaign_id and campaign.decides(receipt.purchased_at):
            return campaign
    return None


def _use_up(purse: Purse, work: FamilyWork) -> None:
    """Take out of the purse what the family's rewards use already."""
    judgement = judge(work.case)
    pinned = {p.grant_id: p.campaign.rule for p in work.case.pinned}
    parts = [(pinned[p.grant_id], p.uses) for p in judgement.pinned]
    parts += [(d.campaign.rule, d.uses) for d in judgement.deserved]
    for rule, uses in parts:
        assert isinstance(rule, SpendAndGet)
        for receipt_id, amount in uses:
            purse.use(rule, [purse.receipts[receipt_id]], amount)


async def _take_gift(
    session: AsyncSession, scene: Scene, claim: Claim, verdict: Verdict
) -> tuple[Verdict, StockRow | None]:
    """A gift from the desk's own mall, or the programme's shelf; none left is a refusal."""
    assert verdict.campaign is not None
    rule = verdict.campaign.rule
    assert isinstance(rule, SpendAndGet)
    sku = rule.reward.gift_sku
    if sku is None:
        return verdict, None
    shelves = {row.key: row for row in await lock_stock(session, scene.program_id, [sku])}
    shelf = shelf_of(shelves, sku, claim.desk.mall_id)
    if shelf is None or shelf.remaining == 0:
        return replace(verdict, reason=OUT_OF_STOCK, uses=()), None
    return verdict, shelf
