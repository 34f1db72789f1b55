"""Sentences for receipts that somebody looks at before they earn."""

from collections.abc import Mapping, Sequence
from typing import Any

_WHY: Mapping[str, tuple[str, str]] = {
    "own_card": ("收银员使用本人会员卡", "the cashier's own card"),
    "card_of_staff": ("本店员工的会员卡", "a card of the shop's staff"),
    "sent_again": ("同一小票已以其他营业日上传", "the same receipt under another business date"),
    "guessed": ("多次以错误金额申领后才相符", "claimed with wrong totals several times before"),
    "velocity": ("短时间内交易过多", "more receipts within a while than expected"),
}


def review_sentences(why: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """One sentence each in "zh-CN" and "en" for what holds a receipt back."""
    texts = list(dict.fromkeys(_WHY[reason["code"]] for reason in why))
    zh = "；".join(text for text, _ in texts)
    en = "; ".join(text for _, text in texts)
    return {
        "zh-CN": f"须先由员工核对，暂不得积分：{zh}。",
        "en": f"Somebody looks at it before it earns: {en}.",
    }
