"""A receipt that points shall pay has the id that it will have when it is recorded."""

from datetime import date

from services.points.domain.receipts.receipts import ReceiptKey, transaction_id_of
from services.points.domain.spending.bills import Bill
from shared.ids import new_id

KEY = ReceiptKey(new_id(), "T1", "R1", date(2026, 3, 10))


def test_a_bill_and_its_sale_are_one_receipt_whatever_they_come_to() -> None:
    program = new_id()
    bills = Bill(KEY, 100, "CNY"), Bill(KEY, 200, "EUR")
    assert {bill.transaction_id(program) for bill in bills} == {transaction_id_of(program, KEY)}
    assert bills[0].transaction_id(new_id()) != bills[0].transaction_id(program)


def test_what_a_bill_says_tells_it_from_every_other() -> None:
    bill = Bill(KEY, 100, "CNY")
    others = [
        bill._replace(total_minor=101),
        bill._replace(currency="EUR"),
        bill._replace(receipt=KEY._replace(till_id="T2")),
        bill._replace(receipt=KEY._replace(business_date=date(2026, 3, 11))),
    ]
    assert len({other.said for other in [bill, *others]}) == 5
