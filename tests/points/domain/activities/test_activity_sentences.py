"""What was earned without a purchase, in two languages."""

import pytest

from services.points.domain.activities.activity_sentences import activity_sentences


@pytest.mark.parametrize(
    ("kind", "side", "zh", "en"),
    [
        ("check_in", "member", "签到获得5积分。", "5 points for checking in."),
        ("tea_lesson", "member", "活动tea_lesson获得5积分。", "5 points for tea_lesson."),
        (
            "referral",
            "referred",
            "受会员推荐，获得5积分。",
            "5 points for coming by a member's recommendation.",
        ),
    ],
)
def test_every_kind_has_its_words(kind: str, side: str, zh: str, en: str) -> None:
    reason = {"rule": "activity", "kind": kind, "side": side}
    assert activity_sentences(5, reason) == {"zh-CN": zh, "en": en}


def test_another_rule_is_another_pages() -> None:
    assert activity_sentences(5, {"rule": "transfer"}) is None
