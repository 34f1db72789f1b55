"""What tills print: bodies that points' own model takes, for every oddity of the data."""

import json
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from demo.members import DemoMember
from demo.receipts import iter_receipts
from demo.refunds import iter_pos_transactions
from demo.tables import shops
from demo.tills import DemoTill, Printer, till_of
from demo.year import choose_year
from deploy.local.seed_data import TILL_IDS
from services.points.api.receipts.pos_models import PosTransactionIn
from shared.auth import Till
from shared.ids import new_id, new_member_number
from tests.demo.samples import refund, sale

YEAR = choose_year(datetime(2026, 6, 1, tzinfo=UTC))


def _printer(households: set[int]) -> Printer:
    program_id = new_id()
    shop_ids = {shop.number: new_id() for shop in shops()}
    return Printer(
        tills={
            (shop, till_id): DemoTill(Till(program_id, shop_id, till_id, 1), "secret")
            for shop, shop_id in shop_ids.items()
            for till_id in TILL_IDS
        },
        members={n: DemoMember(n, new_id(), new_member_number()) for n in households},
        year=YEAR,
    )


def test_every_receipt_and_refund_of_a_month_is_one_that_points_takes() -> None:
    month = list(iter_pos_transactions(month=3, members=400))
    printer = _printer({one.household for one in month})
    for one in month:
        read = PosTransactionIn.model_validate_json(json.dumps(printer.body_of(one)))
        assert sum(line.amount_minor for line in read.lines) == read.total_minor
        assert not read.tenders or sum(t.amount_minor for t in read.tenders) == read.total_minor
        assert read.member_number == printer.members[one.household].member_number


def test_a_refund_names_its_sale_as_the_sale_was_printed() -> None:
    bought = sale("4711")
    printer = _printer({1})
    sold, returned = printer.body_of(bought), printer.body_of(refund(bought))
    names = ("till_id", "receipt_number", "business_date")
    assert returned["original"] == {name: sold[name] for name in names}
    assert returned["kind"] == "refund"
    assert [line["original_line_number"] for line in returned["lines"]] == [1]
    assert UUID(returned["shop_id"]) == UUID(sold["shop_id"])


def test_coupons_are_a_tender_and_nothing_is_not() -> None:
    printed = _printer({1}).body_of(sale("4711"))
    assert printed["tenders"] == [
        {"kind": "coupon", "amount_minor": 120},
        {"kind": "mobile", "amount_minor": 380},
    ]
    empty = next(one for one in iter_receipts() if one.amount_minor == 0)
    assert _printer({empty.household}).body_of(empty)["tenders"] == []


def test_the_same_body_is_printed_every_time() -> None:
    printer = _printer({1})
    assert printer.body_of(sale("4711")) == printer.body_of(sale("4711"))


def test_tills_share_the_receipts_evenly() -> None:
    rung_up = Counter(till_of(receipt.number) for receipt in iter_receipts(month=3))
    assert set(rung_up) == set(TILL_IDS)
    assert max(rung_up.values()) < 1.1 * min(rung_up.values())
