"""Every reason of what members and staff do has a sentence in both languages, with its numbers."""

import re

import pytest

from services.points.domain.members.member_sentences import TEXTS, member_sentences

FACTS = {"reference": "Tea set", "reason_code": "small_debt"}


@pytest.mark.parametrize(("rule", "comes_in"), TEXTS)
def test_a_sentence_has_the_number_and_nothing_left_open(rule: str, comes_in: bool) -> None:
    points = 120 if comes_in else -120
    found = member_sentences(points, {"rule": rule, **FACTS})
    assert found is not None
    assert set(found) == {"zh-CN", "en"}
    for text in found.values():
        assert "120" in text
        assert not re.search(r"[{}]|-120", text)


def test_other_rules_have_their_sentences_elsewhere() -> None:
    assert member_sentences(5, {"rule": "earning_policy"}) is None
