"""A new reward with the facts and sentences that explain it."""

from uuid import UUID

from services.campaigns.domain.campaigns import SpendAndGet
from services.campaigns.domain.explain import explain_spending
from services.campaigns.domain.grants import Grant
from services.campaigns.domain.spending import Uses
from services.campaigns.storage.grants import NewGrant
from services.campaigns.storage.handbook import Handbook


def describe_reward(
    handbook: Handbook, grant: Grant, mall_id: UUID, shop_id: UUID, uses: Uses
) -> NewGrant:
    """The spend-and-get grant with its receipts, their amounts, and a sentence a language."""
    campaign = handbook.rules.versions[grant.campaign_id, grant.version]
    rule = campaign.rule
    assert isinstance(rule, SpendAndGet)
    inputs = {
        "receipts": [{"receipt_id": str(i), "amount_minor": amount} for i, amount in uses],
        "threshold_minor": grant.threshold_minor,
        "currency": rule.currency,
    }
    explanation = explain_spending(
        campaign,
        rule,
        grant.threshold_minor or 0,
        sum(amount for _, amount in uses),
        handbook.gifts.get(grant.gift_sku or "", {}),
    )
    return NewGrant(grant, mall_id, shop_id, inputs, explanation, claim_id_of(grant))


def claim_id_of(grant: Grant) -> UUID | None:
    """The claim behind a desk's grant: its unit key is the claim."""
    if grant.origin != "desk":
        return None
    return UUID(grant.unit_key.removeprefix("claim:"))
