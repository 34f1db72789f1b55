"""What is stored of a payment at a till is known again by every later version of the code."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from services.points.domain.receipts.receipts import ReceiptKey
from services.points.storage.spending.till_payments import RedemptionRequest
from shared.auth import Till

ONE, TWO = UUID(int=1), UUID(int=2)
KEY = ReceiptKey(TWO, "T1", "R1", date(2026, 3, 10))
REQUEST = RedemptionRequest(Till(ONE, TWO, "T1", 1), ONE, None, KEY, 19_900, "CNY", 500, "k")
HASH = "91fff770820837e24e8395150bf23adb"


def test_a_stored_payment_is_the_same_payment_after_an_upgrade() -> None:
    assert REQUEST.fingerprint.hex() == HASH


def test_whatever_pays_otherwise_is_another_payment() -> None:
    others = [
        replace(REQUEST, points=400),
        replace(REQUEST, receipt_total_minor=1),
        replace(REQUEST, currency="EUR"),
        replace(REQUEST, receipt=KEY._replace(receipt_number="R2")),
        replace(REQUEST, member_id=None, member_number="612345"),
    ]
    assert len({request.fingerprint for request in [REQUEST, *others]}) == 6
    assert replace(REQUEST, key="other").fingerprint == REQUEST.fingerprint
    assert replace(REQUEST, key="other").redemption_id != REQUEST.redemption_id
