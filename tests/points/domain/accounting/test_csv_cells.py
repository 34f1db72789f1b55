"""A file of ours never runs anything in whoever opens it."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.accounting.csv_cells import csv_line, harmless


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =cmd|' /C calc'!A0",
        "＝1",
        "\u00a0=1",
    ],
)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "3-2", "Waited for the gift", "'=1", "等礼品久了 😀"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_numbers_stay_numbers_and_instants_are_utc() -> None:
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert csv_line([-5, None, at, 'say "hi", twice']) == (
        '-5,,2026-03-10T12:00:00Z,"say ""hi"", twice"\r\n'
    )


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "\u2028", "\x0b", "\x1f"])
def test_blanks_before_a_formula_do_not_hide_it(blank: str) -> None:
    assert harmless(f"{blank}=1+1") == f"'{blank}=1+1"


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2)
)
def test_a_reader_of_csv_reads_what_was_written_and_no_formula(cells: list[str]) -> None:
    [read] = list(csv.reader(io.StringIO(csv_line(cells), newline="")))
    assert read == [harmless(cell) for cell in cells]
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in read)
