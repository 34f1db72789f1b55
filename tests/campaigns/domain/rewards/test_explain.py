"""Sentences that say why."""

from services.campaigns.domain.rewards.explain import explain_bonus, explain_spending, money
from services.campaigns.domain.rules.campaigns import SpendAndGet
from tests.campaigns.domain.samples import campaign, multiplier, spend_and_get


def test_money_has_two_decimals_and_thousands() -> None:
    assert [money(n) for n in (5, 179900, 123456789)] == ["0.05", "1,799.00", "1,234,567.89"]


def test_a_reward_names_campaign_version_threshold_and_gift_in_both_languages() -> None:
    rule: SpendAndGet = spend_and_get(basis="day")
    said = explain_spending(campaign(rule), rule, 10_000, 10_000, {"zh-CN": "包", "en": "Bag"})
    assert (
        said["zh-CN"] == "活动“活动”第 1 版：当日累计消费满 100.00 CNY，获得包；使用消费额 100.00。"
    )
    assert "spend 100.00 CNY on one day and get Bag" in said["en"]
    assert "10 积分" in explain_spending(campaign(rule), rule, 1, 1, {})["zh-CN"]


def test_a_bonus_names_base_points_factor_and_tier() -> None:
    rule = multiplier(factor_thousandths=1500, tiers=frozenset({"gold"}))
    said = explain_bonus(campaign(rule), rule, 12_345_678, 6, "gold")
    assert "12.345 base points" in said["en"]
    assert "× 1.5" in said["zh-CN"]
    assert "gold" in said["en"]
