"""What a till, a desk or a member reads of a receipt that is held back."""

from services.points.domain.reviews.review_sentences import review_sentences


def test_each_reason_is_told_once_in_both_languages() -> None:
    velocity = {"code": "velocity", "per": "till", "receipts": 4}
    said = review_sentences([{"code": "own_card"}, velocity, velocity, {"code": "sent_again"}])
    assert said == {
        "zh-CN": (
            "须先由员工核对，暂不得积分：收银员使用本人会员卡；短时间内交易过多；"
            "同一小票已以其他营业日上传。"
        ),
        "en": (
            "Somebody looks at it before it earns: the cashier's own card; more receipts within a "
            "while than expected; the same receipt under another business date."
        ),
    }


def test_a_card_of_the_shops_staff_is_named() -> None:
    assert "staff" in review_sentences([{"code": "card_of_staff"}])["en"]
