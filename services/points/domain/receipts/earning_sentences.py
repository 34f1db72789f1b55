"""Why a purchase earned what it earned, in sentences with all that went into it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Reason = Mapping[str, Any]
_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_SOURCES = {
    "programme": "通用",
    "mall": "商场",
    "category": "品类",
    "brand": "品牌",
    "shop": "店铺",
    "rule": "规则",
}
_ROUNDINGS = {
    "floor": ("舍去", "down"),
    "half_up": ("四舍五入", "half up"),
    "ceil": ("进位", "up"),
}
_LEVELS = {"receipt": ("按小票", "receipt"), "line": ("按行", "line"), "rule": ("按规则", "rate")}
_PERIODS = {
    "receipt": ("每张小票", "a receipt"),
    "day": ("每日", "a day"),
    "month": ("每月", "a month"),
    "year": ("每年", "a year"),
    "member": ("每位会员", "a member"),
}


def earned_sentences(points: int, reason: Reason) -> dict[str, str]:
    """What a purchase earned, or how much less or more it earns since its tier is another."""
    factor = Decimal(reason["multiplier_milli"]) / 1000
    tier = reason["tier"] or "-"
    how_zh, how_en = _how(reason)
    lost_zh, lost_en = _lost(reason)
    if "earned_before" in reason:
        before, after = reason["earned_before"], reason["earned_after"]
        return {
            "zh-CN": f"等级更正为{tier}（{factor}倍），该小票由{before}积分改为{after}积分："
            f"{how_zh}。{lost_zh}",
            "en": f"The tier was {tier} (x{factor}): the receipt's {before} points are {after}: "
            f"{how_en}.{lost_en}",
        }
    return {
        "zh-CN": f"消费得{points}积分：{how_zh}，等级{tier}，{factor}倍。{lost_zh}",
        "en": f"A purchase earned {points} points: {how_en}, tier {tier}, x{factor}.{lost_en}",
    }


def _how(reason: Reason) -> tuple[str, str]:
    """The rates with their amounts, the policy and the rounding."""
    currency = reason.get("currency", "")
    zh, en = [], []
    for rate in reason.get("rates", ()):
        kind, _, code = rate["source"].partition(":")
        amount, per = (money(rate[name], currency) for name in ("eligible_minor", "per_minor"))
        times = "".join(f" × {rule}" for rule in rate.get("multipliers", ()))
        full_zh = full_en = ""
        if "step_minor" in rate:
            step = money(rate["step_minor"], currency)
            full_zh, full_en = f"，满{step}计", f", full {step} only"
        zh.append(f"{amount}按{_SOURCES[kind]}{code}每{per}得{rate['points']}{times}{full_zh}")
        named = f"{kind} {code}".strip()
        en.append(f"{amount} at {rate['points']} per {per} ({named}{times}{full_en})")
    rounding = _ROUNDINGS[reason["rounding"]]
    level = _LEVELS[reason.get("rounding_level", "receipt")]
    version = reason["policy_version"]
    zh.append(f"积分规则第{version}版，{level[0]}{rounding[0]}")
    en.append(f"policy {version}, each {level[1]} rounded {rounding[1]}")
    return "，".join(zh), ", ".join(en)


def _lost(reason: Reason) -> tuple[str, str]:
    zh, en = note_sentences(reason.get("limits", ()))
    return zh, f" {en}" if en else ""


def note_sentences(notes: Sequence[Reason]) -> tuple[str, str]:
    """Why points did not count, in Chinese and in English."""
    told = [_note(note) for note in notes]
    return "".join(zh for zh, _ in told), " ".join(en for _, en in told)


def _note(note: Reason) -> tuple[str, str]:
    match note["code"]:
        case "cap_trimmed" | "cap_rejected":
            zh_period, en_period = _PERIODS[note["period"]]
            return (
                f"{note['points']}积分未计：上限{note['cap']}为{zh_period}{note['limit']}积分，"
                f"此前已得{note['granted_before']}。",
                f"{note['points']} points did not count: cap {note['cap']} allows {note['limit']} "
                f"{en_period}, {note['granted_before']} were granted before.",
            )
        case "cooldown":
            at = f"{datetime.fromisoformat(note['earned_at']).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            return (
                f"{note['points']}积分未计：{note['seconds']}秒内已有一次积分（{at}）。",
                f"{note['points']} points did not count: a purchase at {at} earned "
                f"less than {note['seconds']} seconds apart.",
            )
        case "below_minimum":
            eligible, least = note["eligible_minor"], note["minimum_minor"]
            return (
                f"未得积分：计分金额{eligible}（分）低于起算金额{least}（分）。",
                f"No points: the eligible amount of {eligible} (minor units) is below {least}.",
            )
    return "", ""


def money(amount_minor: int, currency: str) -> str:
    """An amount as people write it, with its currency."""
    digits = _DIGITS.get(currency, 2)
    amount = Decimal(amount_minor).scaleb(-digits)
    return f"{currency} {amount:.{digits}f}".strip()
