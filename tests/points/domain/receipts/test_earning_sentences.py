"""The sentence of an earning has everything that went into it."""

import json

import pytest

from services.points.domain.ledger.sentences import sentences_of
from services.points.domain.receipts.earning import Rounding, RoundingLevel, rate_lines
from services.points.domain.receipts.earning_rates import Rate, Rule
from services.points.domain.receipts.earning_reasons import rating_reason
from services.points.domain.receipts.earning_sentences import money, note_sentences
from services.points.domain.receipts.receipts import Line
from tests.points.samples import SHOP, make_lines, make_policy


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


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (1_999, "CNY", "CNY 19.99"),
        (1_999, "JPY", "JPY 1999"),
        (5, "KWD", "KWD 0.005"),
        (5, "", "0.05"),
    ],
)
def test_money_is_written_with_its_currencys_digits(
    amount: int, currency: str, written: str
) -> None:
    assert money(amount, currency) == written


def test_every_note_has_its_sentences() -> None:
    notes = [
        {"code": "cooldown", "seconds": 60, "points": 5, "earned_at": "2026-03-10T12:00:00+00:00"},
        {"code": "below_minimum", "minimum_minor": 500, "eligible_minor": 400},
        {
            "code": "cap_rejected",
            "cap": "big",
            "period": "receipt",
            "limit": 80,
            "granted_before": 0,
            "points": 81,
        },
    ]
    for note in notes:
        zh, en = note_sentences([note])
        for name in ("points", "minimum_minor", "eligible_minor", "limit", "seconds"):
            if name in note:
                assert str(note[name]) in zh
                assert str(note[name]) in en
    assert note_sentences([]) == ("", "")


def test_an_instant_is_told_to_the_minute_and_says_its_zone() -> None:
    earned_at = "2026-03-11T02:07:28.808405+08:00"
    note = {"code": "cooldown", "seconds": 60, "points": 5, "earned_at": earned_at}
    assert all("2026-03-10 18:07 UTC" in said for said in note_sentences([note]))
