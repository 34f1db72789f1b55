"""The languages that messages are written in."""

from datetime import date

ZH_CN = "zh-CN"
EN = "en"
LOCALES = (ZH_CN, EN)

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def choose_locale(tag: str) -> str:
    """The written language nearest to a member's language tag: Chinese, else English."""
    return ZH_CN if tag.replace("_", "-").split("-")[0].lower() == "zh" else EN


def format_day(day: date, locale: str) -> str:
    """The day as people write it: 2026年3月10日, or 10 March 2026."""
    if locale == ZH_CN:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
