"""Every way of spending, and of coming back, has a sentence in both languages."""

from typing import Any

import pytest

from services.points.domain.ledger.sentences import sentences_of

REDEEMED = {
    "rule": "redeemed",
    "policy_version": 3,
    "tier": "gold",
    "step_points": 100,
    "step_minor": 50,
    "amount_minor": 205,
    "currency": "CNY",
    "reference": "R-1",
}
IN_YEN = {**REDEEMED, "amount_minor": 1000, "currency": "JPY"}
IN_DINARS = {**REDEEMED, "amount_minor": 1250, "currency": "KWD"}
CAPTURED = {"rule": "hold_captured", "held": 80, "reference": "R-1"}


@pytest.mark.parametrize(
    ("points", "reason", "words"),
    [
        (-410, REDEEMED, ["410", "CNY 2.05", "R-1", "3", "gold", "100:50"]),
        (-500, IN_YEN, ["JPY 1000", "R-1"]),
        (-500, IN_DINARS, ["KWD 1.250", "R-1"]),
        (-30, CAPTURED, ["30", "80", "R-1"]),
        (30, {"rule": "redemption_refunded", "redeemed": 90}, ["30", "90"]),
        (30, {"rule": "redemption_reversed", "redeemed": 90, "grace_days": 14}, ["30", "14"]),
        (30, {"rule": "order_cancelled", "redeemed": 90}, ["30", "90"]),
        (-5, {"rule": "refund_in_proportion", "earned": 20, "forgiven": 7}, ["5", "20", "7"]),
    ],
    ids=["paid", "yen", "dinars", "captured", "refunded", "reversed", "cancelled", "forgiven"],
)
def test_a_member_can_read_what_was_spent(
    points: int, reason: dict[str, Any], words: list[str]
) -> None:
    sentences = sentences_of(points, reason)
    assert set(sentences) == {"zh-CN", "en"}
    for sentence in sentences.values():
        assert all(word in sentence for word in words), sentence
