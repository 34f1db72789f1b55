"""Every kind of posting has a sentence in both languages."""

import json
from typing import Any

import pytest

from services.points.domain.earning import Rounding, RoundingLevel, rate_lines
from services.points.domain.earning_rates import Rate, Rule
from services.points.domain.earning_reasons import rating_reason
from services.points.domain.receipts import Line
from services.points.domain.sentences import sentences_of
from tests.points.samples import SHOP, make_lines, make_policy, rate

GOLD = make_policy(Rate(1, 100), tier_multipliers_milli={"gold": 1_500})
RATED = json.loads(rating_reason(rate(GOLD, 10_000), "gold"))


@pytest.mark.parametrize(
    ("points", "reason", "words"),
    [
        (150, RATED, ["150", "gold", "1.5"]),
        (50, {**RATED, "earned_before": 100, "earned_after": 150}, ["100", "150", "gold"]),
        (-30, {"rule": "refund_in_proportion", "earned": 100}, ["30", "100"]),
        (-20, {"rule": "campaign_revoked", "why": "refunded"}, ["20", "refunded"]),
        (-5, {"rule": "adjustment", "reason_code": "goodwill"}, ["-5", "goodwill"]),
        (5, {"rule": "adjustment", "reason_code": "goodwill"}, ["+5", "goodwill"]),
    ],
    ids=["earned", "re-rated", "refunded", "revoked", "taken by staff", "given by staff"],
)
def test_a_member_can_read_why_points_moved(
    points: int, reason: dict[str, Any], words: list[str]
) -> None:
    sentences = sentences_of(points, reason)
    assert set(sentences) == {"zh-CN", "en"}
    for sentence in sentences.values():
        assert all(word in sentence for word in words), sentence


def test_a_campaign_speaks_for_itself() -> None:
    said = {"zh-CN": "满额赠", "en": "Spend and get"}
    assert sentences_of(10, {"rule": "campaign", "sentences": said}) == said


def test_a_member_without_a_tier_gets_a_sentence_too() -> None:
    sentences = sentences_of(10, json.loads(rating_reason(rate(GOLD, 1_000), None)))
    assert "tier -, x1" in sentences["en"]


def test_every_input_of_an_earning_is_in_its_sentences() -> None:
    policy = make_policy(
        Rate(1, 100, step_minor=1_000),
        categories={"tea": Rate(2, 50)},
        rules=(Rule("triple", multiplier_milli=3_000, categories=frozenset({"tea"})),),
        tier_multipliers_milli={"gold": 1_500},
        rounding=Rounding.HALF_UP,
        rounding_level=RoundingLevel.RULE,
    )
    lines = (*make_lines(1_999), Line(2, "tea", None, 1, 250, 0))
    note = {"code": "cap_trimmed", "cap": "daily", "period": "day", "limit": 40}
    said = json.dumps([{**note, "granted_before": 30, "points": 20}])
    more = f',"currency":"CNY","trimmed":20,"limits":{said}'
    reason = json.loads(rating_reason(rate_lines(policy, SHOP, lines), "gold", more))
    assert sentences_of(10, reason) == {
        "zh-CN": "消费得10积分：CNY 19.99按通用每CNY 1.00得1，满CNY 10.00计，CNY 2.50按品类tea每"
        "CNY 0.50得2 × triple，积分规则第1版，按规则四舍五入，等级gold，1.5倍。"
        "20积分未计：上限daily为每日40积分，此前已得30。",
        "en": "A purchase earned 10 points: CNY 19.99 at 1 per CNY 1.00 (programme, full CNY 10.00 "
        "only), CNY 2.50 at 2 per CNY 0.50 (category tea × triple), policy 1, each rate rounded "
        "half up, tier gold, x1.5. 20 points did not count: cap daily allows 40 a day, 30 were "
        "granted before.",
    }


def test_an_earning_that_was_stored_before_rates_were_told_has_a_sentence_still() -> None:
    old = {
        "rule": "earning_policy",
        "policy_version": 1,
        "tier": None,
        "multiplier_milli": 1_000,
        "weight": 100,
        "denominator": 100,
        "rounding": "floor",
    }
    assert sentences_of(1, old)["en"].startswith("A purchase earned 1 points: policy 1")
