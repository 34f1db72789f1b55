"""The table at the end, and when the demo is not content."""

from collections import Counter
from typing import Any

from demo.members import DemoMember
from demo.push import Tally
from demo.report import Replay, judge, render, rows
from demo.totals import Totals
from shared.ids import new_id
from tests.demo.samples import refund, sale

SUMS = {"sales": 2, "refunds": 1, "points earned": 1_234, "gifts": 1, "gifts: Tea set": 1}
ACCEPTED = {"result": "accepted", "status": "posted", "code": None}
DUPLICATE = {"result": "duplicate", "status": "posted", "code": None}
REFUSED = {"result": "rejected", "status": None, "code": "shop_closed"}


def _totals(digest: str = "d1") -> Totals:
    return Totals(dict(SUMS), {1: Counter(SUMS)}, digest, {"rewards taken back": 3})


def _replay(*results: dict[str, Any], **changed: Any) -> Replay:
    first = sale("1")
    tally = Tally()
    for one, result in zip((first, sale("2"), refund(first)), results, strict=True):
        tally.add(one, result)
    fields = {
        "planned": {"sale": 2, "refund": 1},
        "tally": tally,
        "members": {1: DemoMember(1, new_id(), "123456789012")},
        "new_members": 1,
        "push_seconds": 2.0,
        "drain_seconds": 0.5,
        "before": _totals("d0"),
        "after": _totals(),
        "invariants": {"points": {"I1": 0, "I2": 0}},
        "contradictions": [],
        "stored": None,
    }
    return Replay(**{**fields, **changed})


def test_the_table_accounts_for_every_receipt() -> None:
    table = dict(rows(_replay(ACCEPTED, REFUSED, ACCEPTED)))
    assert table["sales"] == "2 in the data: 1 accepted, 1 rejected shop_closed"
    assert table["refunds"] == "1 in the data: 1 accepted"
    assert table["points earned"] == "1,234"
    assert table["gifts"] == "1 (Tea set 1)"
    assert table["rewards taken back"] == "3"
    assert table["invariants of points"] == "2 of 2 hold"
    assert table["digest of all totals"] == "d1"


def test_the_table_renders_in_two_columns() -> None:
    replay = _replay(ACCEPTED, ACCEPTED, ACCEPTED)
    lines = render(rows(replay)).splitlines()
    assert len(lines) == len(rows(replay)) + 2
    assert (
        len({line.index(value) for line, (_, value) in zip(lines[1:], rows(replay), strict=False)})
        == 1
    )


def test_a_clean_replay_is_content() -> None:
    assert judge(_replay(ACCEPTED, ACCEPTED, ACCEPTED)) == []


def test_a_second_replay_that_changes_nothing_is_content() -> None:
    again = _replay(DUPLICATE, DUPLICATE, DUPLICATE, before=_totals(), stored="d1")
    assert judge(again) == []


def test_a_second_replay_that_changes_something_is_not() -> None:
    (only,) = judge(_replay(DUPLICATE, DUPLICATE, DUPLICATE, stored="d1"))
    assert "nothing new was sent" in only
    (only,) = judge(_replay(DUPLICATE, DUPLICATE, DUPLICATE, before=_totals(), stored="d7"))
    assert "d7" in only


def test_a_refusal_a_broken_invariant_and_a_contradiction_are_told() -> None:
    off = judge(
        _replay(
            ACCEPTED,
            REFUSED,
            ACCEPTED,
            invariants={"points": {"I1": 2}},
            contradictions=["spend: 1 and 2"],
        )
    )
    assert len(off) == 3
    assert any("shop_closed" in line for line in off)
    assert any("I1 is broken 2 times" in line for line in off)


def test_receipts_that_are_answered_but_not_posted_are_told() -> None:
    lost = Totals(SUMS | {"sales": 1}, {}, "d1", {})
    (only,) = judge(_replay(ACCEPTED, ACCEPTED, ACCEPTED, after=lost))
    assert only == "2 sales were taken, 1 are posted"


def test_receipts_that_were_never_answered_are_told() -> None:
    (only,) = judge(
        _replay(ACCEPTED, ACCEPTED, ACCEPTED, planned={"sale": 3, "refund": 1}),
    )
    assert only == "3 sales in the data, 2 answered"
