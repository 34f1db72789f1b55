"""A new reward with the facts and sentences that explain it."""

import json
from collections.abc import Mapping
from uuid import UUID

from services.campaigns.domain.rewards.explain import explain_spending
from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.domain.rewards.spending import Uses
from services.campaigns.domain.rules.campaigns import Campaign, SpendAndGet
from services.campaigns.storage.rewards.grants import NewGrant
from services.campaigns.storage.rules.handbook import Handbook

SENTENCES_KEPT_MAX = 10_000
_encoder = json.JSONEncoder(ensure_ascii=False)


def describe_reward(
    handbook: Handbook, grant: Grant, mall_id: UUID, shop_id: UUID, uses: Uses
) -> NewGrant:
    """The spend-and-get grant with its receipts, their amounts, and a sentence a language."""
    campaign = handbook.rules.versions[grant.campaign_id, grant.version]
    rule = campaign.rule
    assert isinstance(rule, SpendAndGet)
    # By hand, like the news of it: most receipts get something.
    receipts = [f'{{"receipt_id":"{i}","amount_minor":{amount}}}' for i, amount in uses]
    inputs = (
        f'{{"receipts":[{",".join(receipts)}],"threshold_minor":{json.dumps(grant.threshold_minor)},'
        f'"currency":"{rule.currency}"}}'
    )
    explanation = _explain(handbook, grant, campaign, rule, sum(amount for _, amount in uses))
    return NewGrant(grant, mall_id, shop_id, inputs, explanation, claim_id_of(grant))


def _explain(
    handbook: Handbook, grant: Grant, campaign: Campaign, rule: SpendAndGet, used_minor: int
) -> str:
    threshold_minor = grant.threshold_minor or 0
    if threshold_minor != rule.member_threshold_minor:
        gift = handbook.gifts.get(grant.gift_sku or "", {})
        return written(explain_spending(campaign, rule, threshold_minor, used_minor, gift))
    key = campaign.campaign_id, campaign.version, used_minor
    said = handbook.sentences.get(key)
    if said is None:
        if len(handbook.sentences) >= SENTENCES_KEPT_MAX:
            handbook.sentences.clear()
        gift = handbook.gifts.get(grant.gift_sku or "", {})
        said = written(explain_spending(campaign, rule, threshold_minor, used_minor, gift))
        handbook.sentences[key] = said
    return said


def written(sentences: Mapping[str, str]) -> str:
    """The sentences as they are stored and told."""
    return _encoder.encode(dict(sentences))


def claim_id_of(grant: Grant) -> UUID | None:
    """The claim behind a desk's grant: its unit key is the claim."""
    if grant.origin != "desk":
        return None
    return UUID(grant.unit_key.removeprefix("claim:"))
