"""The hand-written event text says exactly what the contract's model says."""

import json
from datetime import UTC, datetime
from typing import Any

from services.points.domain.receipts.earning_rates import Rate
from services.points.domain.receipts.pos_records import ANONYMOUS, Stored
from services.points.domain.receipts.receipts import Line
from services.points.storage.ledger.books import Write
from services.points.storage.receipts.pos_news import tell_attributed, tell_recorded
from shared.contracts.points import PosTransactionAttributed, PosTransactionRecorded
from shared.ids import new_id
from tests.points.samples import PROGRAM, make_policy, make_stored, make_stored_refund

LINES = (Line(1, "tea.green", "lu-yu", 2, 999, 1), Line(5, "fashion", None, 1, 0, 0))


def told(stored: Stored, sale: Stored) -> tuple[Any, dict[str, Any]]:
    write = Write()
    tell_recorded(write, PROGRAM, stored, sale)
    [event] = write.news
    model = PosTransactionRecorded.model_validate_json(event.data)
    assert (event.type, event.key) == (model.TYPE, model.key())
    return model, json.loads(event.data)


def test_a_sale_is_told_as_the_contract_says() -> None:
    sale = make_stored(
        LINES,
        make_policy(Rate(1, 300)),
        member_id=new_id(),
        points=3,
        balance_after=7,
        purchased_at=datetime(2026, 3, 10, 12, 0, 0, 123_456, tzinfo=UTC),
    )
    model, data = told(sale, sale)
    again = model.model_dump(mode="json", exclude={"account_version"})
    assert {**data, "purchased_at": again["purchased_at"], "recorded_at": again["recorded_at"]} == (
        again
    )
    assert (model.purchased_at, model.recorded_at) == (sale.purchased_at, sale.recorded_at)
    assert [line.base_micro for line in model.lines] == [3_330_000, 0]
    assert model.lines[0].brand == "lu-yu"
    assert (model.member_id, model.balance_after) == (sale.member_id, 7)


def test_a_refunds_lines_are_worth_their_share_of_the_sold_lines() -> None:
    sale = make_stored(LINES, member_id=new_id())
    refund = make_stored_refund(sale, (1, 333), (5, 0))
    refund.member_id = sale.member_id
    model, _ = told(refund, sale)
    assert (model.receipt_id, model.kind) == (sale.transaction_id, "refund")
    assert [(line.original_line_number, line.base_micro) for line in model.lines] == [
        (1, 3_330_000),
        (5, 0),
    ]


def test_a_receipt_that_is_not_posted_is_nobodys_and_keyed_by_itself() -> None:
    sale = make_stored(LINES, status=ANONYMOUS, member_id=new_id())
    model, _ = told(sale, sale)
    assert model.member_id is None
    assert model.balance_after is None
    assert model.key() == str(sale.transaction_id)


def test_an_attribution_carries_the_origin_of_what_caused_it() -> None:
    sale = make_stored(LINES, member_id=new_id())
    write = Write()
    write.books.origin = ("correlation", "trace")
    tell_attributed(write, PROGRAM, sale, sale)
    [event] = write.news
    assert event.origin == ("correlation", "trace")
    assert event.type == PosTransactionAttributed.TYPE
