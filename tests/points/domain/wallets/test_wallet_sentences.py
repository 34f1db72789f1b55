"""What members do with stars, in words."""

import pytest

from services.points.domain.ledger.units import POINTS_UNIT, unit_of
from services.points.domain.wallets.wallet_sentences import wallet_sentences


@pytest.mark.parametrize(
    ("points", "rule", "en"),
    [
        (-5, "wallet_redeemed", "5 Stars were spent: tea."),
        (-2, "wallet_gift", "2 Stars were given away."),
        (2, "wallet_gift", "2 Stars were a gift."),
    ],
)
def test_each_movement_has_its_sentences(points: int, rule: str, en: str) -> None:
    reason = {"rule": rule, "wallet_name": "Moons", "reference": "tea"}  # Of before a new name.
    found = wallet_sentences(points, reason, unit_of("stars", "Stars"))
    assert found is not None
    assert found["en"] == en
    assert "Stars" in found["zh-CN"]


def test_other_rules_are_told_elsewhere() -> None:
    assert wallet_sentences(1, {"rule": "adjustment"}, POINTS_UNIT) is None
