"""Every kind of posting has a sentence in both languages."""

import json
from typing import Any

import pytest

from services.points.domain.ledger.sentences import sentences_of
from services.points.domain.ledger.units import unit_of
from services.points.domain.receipts.earning_rates import Rate
from services.points.domain.receipts.earning_reasons import rating_reason
from tests.points.samples import make_policy, rate

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


OTHER_WALLETS: list[tuple[int, dict[str, Any]]] = [
    (5, {"rule": "activity", "kind": "survey", "side": "member"}),
    (5, {"rule": "activity", "kind": "referral", "side": "referred"}),
    (5, {"rule": "adjustment", "reason_code": "goodwill"}),
    (-5, {"rule": "expired", "last_day": "2026-12-31"}),
    (5, {"rule": "opening_balance", "reference": "old-7"}),
    (-5, {"rule": "campaign_revoked", "why": "refunded"}),
    (5, {"rule": "redemption_reversed", "redeemed": 5}),
    (-5, {"rule": "wallet_redeemed", "reference": "tea"}),
    *(
        (sign * 5, {"rule": rule})
        for rule in ("merge", "merge_undo", "wallet_gift")
        for sign in (1, -1)
    ),
]


@pytest.mark.parametrize(("points", "reason"), OTHER_WALLETS, ids=str)
def test_what_moves_in_another_wallet_is_called_by_its_name(
    points: int, reason: dict[str, Any]
) -> None:
    for unit, called in ((unit_of("stars", "Stars"), "Stars"), (unit_of("moons", None), "moons")):
        sentences = sentences_of(points, reason, unit)
        assert "5" + called in sentences["zh-CN"], sentences
        assert called in sentences["en"], sentences
        assert "积分" not in sentences["zh-CN"]
        assert "points" not in sentences["en"]
