from services.notifications.domain.causes import CauseKind
from tests.notifications.domain.samples import make_due


def test_a_message_names_the_words_it_was_worded_with() -> None:
    due = make_due(CauseKind.TIER_UP, locale="zh-CN", template_version=3)
    assert due.template_name == "tier_up/zh-CN/3"
