"""Why points moved, in a sentence a member can read, in two languages."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from services.points.domain.member_sentences import member_sentences


def sentences_of(points: int, reason: Mapping[str, Any]) -> dict[str, str]:
    """One sentence each in "zh-CN" and "en" for a posting of `points` and its stored reason."""
    if (between_members := member_sentences(points, reason)) is not None:
        return between_members
    match reason["rule"]:
        case "earning_policy":
            return _earned(points, reason)
        case "refund_in_proportion":
            return {
                "zh-CN": f"退货按比例收回{-points}积分（该小票原得{reason['earned']}积分）。",
                "en": f"A refund took back {-points} of the receipt's {reason['earned']} points.",
            }
        case "expired":
            return {
                "zh-CN": f"{-points}积分已到期，最后可用日为{reason['last_day']}。",
                "en": f"{-points} points ended; their last day was {reason['last_day']}.",
            }
        case "campaign":
            given: dict[str, str] = reason["sentences"]
            return given
        case "campaign_revoked":
            return {
                "zh-CN": f"活动奖励收回{-points}积分，原因：{reason['why']}。",
                "en": f"{-points} points of a campaign's reward were taken back: {reason['why']}.",
            }
    return {
        "zh-CN": f"人工调整{points:+d}积分，原因：{reason['reason_code']}。",
        "en": f"Adjusted by staff by {points:+d} points, reason {reason['reason_code']}.",
    }


def _earned(points: int, reason: Mapping[str, Any]) -> dict[str, str]:
    factor = Decimal(reason["multiplier_milli"]) / 1000
    tier = reason["tier"] or "-"
    version = reason["policy_version"]
    if "earned_before" in reason:
        before, after = reason["earned_before"], reason["earned_after"]
        return {
            "zh-CN": f"等级更正为{tier}（{factor}倍），该小票由{before}积分改为{after}积分。",
            "en": f"The tier was {tier} (x{factor}): the receipt's {before} points are {after}.",
        }
    return {
        "zh-CN": f"消费得{points}积分：积分规则第{version}版，等级{tier}，{factor}倍。",
        "en": f"A purchase earned {points} points: policy {version}, tier {tier}, x{factor}.",
    }
