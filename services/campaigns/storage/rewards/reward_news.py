"""A reward as the event that tells of it, written as JSON by hand.

There is one for almost every receipt. A test holds the text against the model.
"""

from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from uuid import UUID

from services.campaigns.storage.rewards.grants import NewGrant
from services.campaigns.storage.rules.handbook import Handbook
from shared.contracts.campaigns import RewardGranted
from shared.ids import new_id
from shared.outbox import ReadyNews

# Correlation id and trace parent of what caused a decision.
Cause = tuple[str, str]


def granted_news(
    handbook: Handbook, program_id: UUID, now: datetime, new: NewGrant, cause: Cause
) -> ReadyNews:
    """The event of a new grant, under the event's own id."""
    grant = new.grant
    campaign = handbook.rules.versions[grant.campaign_id, grant.version]
    gift = handbook.gifts.get(grant.gift_sku, {}) if grant.gift_sku else {}
    grant_id = str(grant.grant_id)
    member_id = None if grant.member_id is None else str(grant.member_id)
    points = "null" if grant.points is None else grant.points
    data = (
        f'{{"program_id":"{program_id}","grant_id":"{grant_id}","member_id":{_id(member_id)},'
        f'"campaign_id":"{grant.campaign_id}","campaign_version":{grant.version},'
        f'"campaign_name":{_quoted(campaign.name_zh)},"kind":"{grant.kind}",'
        f'"points":{points},"gift_sku":{_quoted(grant.gift_sku)},'
        f'"gift_name":{_quoted(gift.get("zh-CN"))},"receipt_id":"{grant.receipt_id}",'
        f'"mall_id":"{new.mall_id}","shop_id":"{new.shop_id}",'
        f'"granted_at":"{grant.granted_at.isoformat()}","explanation":{new.explanation}}}'
    )
    return ReadyNews(
        program_id,
        new_id(),
        RewardGranted.TYPE,
        RewardGranted.TOPIC,
        member_id or grant_id,
        data,
        now,
        *cause,
    )


def _id(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'


@lru_cache(maxsize=10_000)
def _quoted(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)
