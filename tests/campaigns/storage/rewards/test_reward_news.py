"""The news of a reward, which is written by hand, is what its model says."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.domain.rules.rulebook import compile_rulebook
from services.campaigns.storage.rewards.grants import NewGrant
from services.campaigns.storage.rewards.reward_news import granted_news
from services.campaigns.storage.rewards.rewards import written
from services.campaigns.storage.rules.handbook import Handbook
from shared.contracts.campaigns import RewardGranted
from shared.ids import new_id
from tests.campaigns.domain.samples import MEMBER, NOON, campaign, spend_and_get

NOW = datetime(2026, 3, 10, 4, 5, 6, 789, UTC)
SENTENCES = {"zh-CN": "活动“春\\天”", "en": 'A "quoted"\nreason'}


@pytest.mark.parametrize(("sku", "member_id"), [(None, MEMBER), ('to"te', MEMBER), ("tote", None)])
def test_the_news_of_a_reward_reads_as_its_event(sku: str | None, member_id: UUID | None) -> None:
    version = campaign(spend_and_get())
    book = compile_rulebook([version])
    handbook = Handbook(new_id(), book, {}, {'to"te': {"zh-CN": "茶\t杯", "en": "Cup"}})
    given = Grant(
        grant_id=new_id(),
        campaign_id=version.campaign_id,
        version=version.version,
        unit_key="unit",
        generation=1,
        family="family",
        origin="automatic" if member_id else "desk",
        member_id=member_id,
        kind="gift" if sku else "points",
        points=None if sku else 100,
        points_revoked=0,
        gift_sku=sku,
        stock_id=new_id() if sku else None,
        status="granted",
        local_day=NOON.date(),
        receipt_id=new_id(),
        receipt_ids=(),
        threshold_minor=10_000,
        shortfall_minor=0,
        granted_at=NOON,
    )
    mall_id, shop_id, program_id = new_id(), new_id(), new_id()
    new = NewGrant(given, mall_id, shop_id, "{}", written(SENTENCES))

    told = granted_news(handbook, program_id, NOW, new, ("cause", "trace"))

    event = RewardGranted.model_validate_json(told.data)
    assert event == RewardGranted(
        program_id=program_id,
        grant_id=given.grant_id,
        member_id=given.member_id,
        campaign_id=version.campaign_id,
        campaign_version=version.version,
        campaign_name=version.name_zh,
        kind=given.kind,
        points=given.points,
        gift_sku=sku,
        gift_name="茶\t杯" if sku == 'to"te' else None,
        receipt_id=given.receipt_id,
        mall_id=mall_id,
        shop_id=shop_id,
        granted_at=NOON,
        explanation=SENTENCES,
    )
    assert told.key == event.key()
    assert (told.program_id, told.type, told.topic) == (program_id, event.TYPE, event.TOPIC)
    assert told[6:] == (NOW, "cause", "trace")
