"""What earlier replays came to."""

from pathlib import Path

from demo.book import name_of, read_book, write_book
from demo.totals import Totals
from shared.ids import new_id


def _totals(digest: str) -> Totals:
    return Totals({"sales": 1}, {}, digest, {})


def test_a_replay_is_remembered_by_what_it_sent(tmp_path: Path) -> None:
    program_id = new_id()
    write_book(tmp_path, program_id, "month 3", _totals("a"), took_new=True)
    write_book(tmp_path, program_id, "the year", _totals("b"), took_new=False)
    kept = read_book(tmp_path, program_id)
    assert {name: one["digest"] for name, one in kept.items()} == {"month 3": "a", "the year": "b"}


def test_new_receipts_make_what_was_remembered_old(tmp_path: Path) -> None:
    program_id = new_id()
    write_book(tmp_path, program_id, "month 3", _totals("a"), took_new=True)
    write_book(tmp_path, program_id, "month 4", _totals("b"), took_new=True)
    assert list(read_book(tmp_path, program_id)) == ["month 4"]


def test_another_programme_has_a_book_of_its_own(tmp_path: Path) -> None:
    write_book(tmp_path, new_id(), "month 3", _totals("a"), took_new=True)
    assert read_book(tmp_path, new_id()) == {}


def test_replays_are_called_by_what_they_send() -> None:
    assert name_of(None, None) == "the year"
    assert name_of(3, 50) == "month 3 of 50 households"
