from datetime import date

import pytest

from services.notifications.domain.locales import EN, ZH_CN, choose_locale, format_day


@pytest.mark.parametrize(
    ("tag", "locale"),
    [("zh-CN", ZH_CN), ("zh", ZH_CN), ("zh_Hans_CN", ZH_CN), ("ZH-hk", ZH_CN), ("en-GB", EN)],
)
def test_a_member_is_written_to_in_the_nearest_language(tag: str, locale: str) -> None:
    assert choose_locale(tag) == locale


@pytest.mark.parametrize("tag", ["", "fr", "zhx", "-"])
def test_a_language_that_nobody_writes_becomes_english(tag: str) -> None:
    assert choose_locale(tag) == EN


def test_days_are_worded_as_people_write_them() -> None:
    assert format_day(date(2026, 3, 10), ZH_CN) == "2026年3月10日"
    assert format_day(date(2026, 12, 1), EN) == "1 December 2026"
