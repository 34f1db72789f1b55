"""Why points moved, in a sentence a member can read, in two languages."""

from collections.abc import Mapping
from typing import Any

from services.points.domain.activities.activity_sentences import activity_sentences
from services.points.domain.ledger.units import POINTS_UNIT, Unit
from services.points.domain.members.member_sentences import member_sentences
from services.points.domain.receipts.earning_sentences import earned_sentences
from services.points.domain.spending.spending_sentences import spending_sentences
from services.points.domain.wallets.wallet_sentences import wallet_sentences


def sentences_of(
    points: int, reason: Mapping[str, Any], unit: Unit = POINTS_UNIT
) -> dict[str, str]:
    """One sentence each in "zh-CN" and "en" for a posting of `points` and its stored reason, with
    what the points of its wallet are called."""
    for page in (member_sentences, activity_sentences, spending_sentences, wallet_sentences):
        if (found := page(points, reason, unit)) is not None:
            return found
    return _others(points, reason, unit)


def _others(points: int, reason: Mapping[str, Any], unit: Unit) -> dict[str, str]:
    match reason["rule"]:
        case "earning_policy":
            return earned_sentences(points, reason)
        case "expired":
            return {
                "zh-CN": f"{-points}{unit.zh}已到期，最后可用日为{reason['last_day']}。",
                "en": f"{-points} {unit.en} ended; their last day was {reason['last_day']}.",
            }
        case "opening_balance":
            return {
                "zh-CN": f"旧系统结转{points}{unit.zh}，原记录{reason['reference']}。",
                "en": f"{points} {unit.en} were brought over: "
                f"{reason['reference']} of the old books.",
            }
        case "campaign":
            given: dict[str, str] = reason["sentences"]
            return given
        case "campaign_revoked":
            return {
                "zh-CN": f"活动奖励收回{-points}{unit.zh}，原因：{reason['why']}。",
                "en": f"{-points} {unit.en} of a campaign's reward were taken back: "
                f"{reason['why']}.",
            }
    return {
        "zh-CN": f"人工调整{points:+d}{unit.zh}，原因：{reason['reason_code']}。",
        "en": f"Adjusted by staff by {points:+d} {unit.en}, reason {reason['reason_code']}.",
    }
