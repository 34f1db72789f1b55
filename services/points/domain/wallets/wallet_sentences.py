"""Sentences for what members do with other wallets than points."""

from collections.abc import Mapping
from typing import Any

from services.points.domain.ledger.units import Unit


def wallet_sentences(points: int, reason: Mapping[str, Any], unit: Unit) -> dict[str, str] | None:
    """One sentence each in "zh-CN" and "en", or None when the rule is not about a wallet."""
    match reason["rule"]:
        case "wallet_redeemed":
            return {
                "zh-CN": f"使用{-points}{unit.zh}：{reason['reference']}。",
                "en": f"{-points} {unit.en} were spent: {reason['reference']}.",
            }
        case "wallet_gift" if points < 0:
            return {
                "zh-CN": f"赠出{-points}{unit.zh}。",
                "en": f"{-points} {unit.en} were given away.",
            }
        case "wallet_gift":
            return {
                "zh-CN": f"获赠{points}{unit.zh}。",
                "en": f"{points} {unit.en} were a gift.",
            }
    return None
