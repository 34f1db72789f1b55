"""Sentences for points that were spent, that came back, and that a refund took."""

from collections.abc import Mapping
from typing import Any

from services.points.domain.ledger.units import POINTS_UNIT, Unit
from services.points.domain.receipts.earning_sentences import money


def spending_sentences(
    points: int, reason: Mapping[str, Any], unit: Unit = POINTS_UNIT
) -> dict[str, str] | None:
    """One sentence each in "zh-CN" and "en", or None when the rule is not about spending."""
    match reason["rule"]:
        case "refund_in_proportion":
            return _taken_back(points, reason)
        case "redeemed":
            return _redeemed(points, reason)
        case "hold_captured" if "amount_minor" in reason:
            return _redeemed(points, reason)
        case "hold_captured":
            return {
                "zh-CN": f"使用{-points}积分（预留{reason['held']}积分，{reason['reference']}）。",
                "en": f"{-points} of {reason['held']} reserved points were spent "
                f"({reason['reference']}).",
            }
        case "redemption_refunded":
            return _returned(points, reason, unit, ("因退货", "by a refund"))
        case "redemption_reversed":
            return _returned(points, reason, unit, ("因撤销", "as it was undone"))
        case "order_cancelled":
            return _returned(points, reason, unit, ("因订单取消", "as the order was cancelled"))
    return None


def _redeemed(points: int, reason: Mapping[str, Any]) -> dict[str, str]:
    paid = money(reason["amount_minor"], reason["currency"])
    version, tier = reason["policy_version"], reason["tier"] or "-"
    rate = f"{reason['step_points']}:{reason['step_minor']}"
    return {
        "zh-CN": f"{-points}积分抵付{paid}（{reason['reference']}）：抵现规则第{version}版，"
        f"等级{tier}，{rate}。",
        "en": f"{-points} points paid {paid} ({reason['reference']}): policy {version}, "
        f"tier {tier}, rate {rate}.",
    }


def _returned(
    points: int, reason: Mapping[str, Any], unit: Unit, why: tuple[str, str]
) -> dict[str, str]:
    why_zh, why_en = why
    redeemed = reason["redeemed"]
    grace = reason.get("grace_days") or 0
    grace_zh = f"原批次已到期，可再用{grace}天" if grace else "按原到期日"
    grace_en = f"good for {grace} more days" if grace else "with the end that they had"
    return {
        "zh-CN": f"{why_zh}返还{points}{unit.zh}（原用{redeemed}{unit.zh}），{grace_zh}。",
        "en": f"{points} of {redeemed} spent {unit.en} came back {why_en}, {grace_en}.",
    }


def _taken_back(points: int, reason: Mapping[str, Any]) -> dict[str, str]:
    forgiven = reason.get("forgiven", 0)
    left_zh = f"，免收{forgiven}积分" if forgiven else ""
    left_en = f"; {forgiven} more were forgiven" if forgiven else ""
    earned = reason["earned"]
    return {
        "zh-CN": f"退货按比例收回{-points}积分（该小票原得{earned}积分）{left_zh}。",
        "en": f"A refund took back {-points} of the receipt's {earned} points{left_en}.",
    }
