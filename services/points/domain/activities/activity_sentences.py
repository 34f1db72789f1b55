"""Sentences for what was earned without a purchase."""

from collections.abc import Mapping
from typing import Any

from services.points.domain.ledger.units import POINTS_UNIT, Unit

_NAMES: Mapping[str, tuple[str, str]] = {
    "check_in": ("签到", "checking in"),
    "survey": ("填写问卷", "a survey"),
    "review": ("发表评价", "a review"),
    "profile_completed": ("完善资料", "completing the profile"),
    "referral": ("推荐好友", "bringing a friend"),
    "enrolled": ("入会", "joining"),
}


def activity_sentences(
    points: int, reason: Mapping[str, Any], unit: Unit = POINTS_UNIT
) -> dict[str, str] | None:
    """One sentence each in "zh-CN" and "en", or None for a rule that is another page's."""
    if reason["rule"] != "activity":
        return None
    if reason["side"] == "referred":
        return {
            "zh-CN": f"受会员推荐，获得{points}{unit.zh}。",
            "en": f"{points} {unit.en} for coming by a member's recommendation.",
        }
    zh, en = _NAMES.get(reason["kind"], (f"活动{reason['kind']}", reason["kind"]))
    return {"zh-CN": f"{zh}获得{points}{unit.zh}。", "en": f"{points} {unit.en} for {en}."}
