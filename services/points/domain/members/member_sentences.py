"""Sentences for what moves between members, and for what staff do about debts."""

from collections.abc import Mapping
from typing import Any

from services.points.domain.ledger.units import POINTS_UNIT, Unit


def member_sentences(
    points: int, reason: Mapping[str, Any], unit: Unit = POINTS_UNIT
) -> dict[str, str] | None:
    """One sentence each in "zh-CN" and "en", or None for a rule that is another page's."""
    count = abs(points)
    texts = TEXTS.get((reason["rule"], points > 0))
    if texts is None:
        return None
    zh, en = texts
    facts = {"count": count, **{name: str(value) for name, value in reason.items()}}
    return {
        "zh-CN": zh.format_map({**facts, "unit": unit.zh}),
        "en": en.format_map({**facts, "unit": unit.en}),
    }


# By the rule and whether points came in. The names in braces are facts of the reason, and the
# unit; only merges touch other wallets than points.
TEXTS: Mapping[tuple[str, bool], tuple[str, str]] = {
    ("transfer", False): ("转赠出{count}积分。", "{count} points were given to another member."),
    ("transfer", True): (
        "收到会员转赠{count}积分，有效期不变。",
        "Another member gave {count} points; they end when they would have.",
    ),
    ("pool_contribution", False): (
        "转入家庭积分池{count}积分。",
        "{count} points went into the household's pool.",
    ),
    ("pool_contribution", True): (
        "成员转入{count}积分，有效期不变。",
        "A member put {count} points in; they end when they would have.",
    ),
    ("pool_return", False): (
        "退回成员未用的{count}积分。",
        "{count} unspent points went back to the member who put them in.",
    ),
    ("pool_return", True): (
        "家庭积分池退回未用的{count}积分，有效期不变。",
        "{count} unspent points came back from the household's pool.",
    ),
    ("pool_spending", False): (
        "家庭积分池使用{count}积分：{reference}。",
        "{count} points of the household's pool were spent: {reference}.",
    ),
    ("merge", False): (
        "账户合并，{count}{unit}转入保留账户。",
        "The account was merged: {count} {unit} went to the account that stays.",
    ),
    ("merge", True): (
        "账户合并转入{count}{unit}，有效期不变。",
        "A merged account brought {count} {unit}; they end when they would have.",
    ),
    ("merge_debt", False): (
        "账户合并带入欠额{count}{unit}。",
        "A merged account brought a debt of {count} {unit}.",
    ),
    ("merge_debt", True): (
        "账户合并，欠额{count}{unit}转由保留账户承担。",
        "The account was merged: its debt of {count} {unit} went to the account that stays.",
    ),
    ("merge_undo", False): (
        "撤销账户合并，转回{count}{unit}。",
        "The merge was undone: {count} {unit} went back.",
    ),
    ("merge_undo", True): (
        "撤销账户合并，转回未用的{count}{unit}，有效期不变。",
        "The merge was undone: {count} unspent {unit} came back.",
    ),
    ("merge_undo_debt", False): (
        "撤销账户合并，恢复欠额{count}{unit}。",
        "The merge was undone: the debt of {count} {unit} is back.",
    ),
    ("merge_undo_debt", True): (
        "撤销账户合并，不再承担欠额{count}{unit}。",
        "The merge was undone: {count} {unit} paid for its debt came back.",
    ),
    ("write_off", True): (
        "核销积分欠额{count}分，原因：{reason_code}。",
        "A debt of {count} points was written off by staff, reason {reason_code}.",
    ),
}
