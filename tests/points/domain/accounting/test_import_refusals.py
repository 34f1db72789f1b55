"""Each refusal of a dry run says what is wrong and what to do."""

import pytest

from services.points.domain.accounting.import_refusals import refusal_text

TOLD = {"rows_read": 2, "rows_told": 3, "points_read": 10, "points_told": 11, "rows_bad": 1,
        "part_number": 4}  # fmt: skip


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("sha256_differs", ["SHA-256"]),
        ("rows_differ", ["2 rows", "not 3"]),
        ("points_differ", ["10 points", "not 11"]),
        ("rows_are_wrong", ["rows: 1", "errors"]),
        ("header_wrong", ["Part 4", "reference, points, earned_on", "member_number", "expires_on"]),
        ("not_utf8", ["Part 4", "UTF-8"]),
        ("left_too_long", ["dropped"]),
    ],
)
def test_a_refusal_says_what_is_wrong_with_its_figures(why: str, words: list[str]) -> None:
    text = refusal_text({**TOLD, "why_refused": why})
    assert text is not None
    assert all(word in text for word in words), text


def test_what_was_not_refused_says_nothing() -> None:
    assert refusal_text({**TOLD, "why_refused": None}) is None
