"""What is stored of a till's request is known again by every later version of the code."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from services.points.domain.receipts.receipts import ReceiptKey
from services.points.domain.spending.bills import Bill
from services.points.storage.spending.hold_requests import (
    CaptureHold,
    HoldTask,
    MakeHold,
    wanted_by,
)

ONE, TWO = UUID(int=1), UUID(int=2)
HOLD = MakeHold("k", ONE, None, 100, timedelta(minutes=15), "R1")
CAPTURE = CaptureHold("k", TWO, 50, True)
BILL = Bill(ReceiptKey(ONE, "T1", "R1", date(2026, 3, 10)), 19_900, "CNY")
HASHES = [
    "bda163894f1b4310496028eb0a38c9ec",
    "28d98576227dfa6ac4da3126f0e5d0ae",
    "bc133a3b8d6270fb41395825004d266b",
]


def task(asked: MakeHold | CaptureHold) -> HoldTask:
    return HoldTask(ONE, TWO, "T1", 1, asked)


def test_a_stored_request_is_the_same_request_after_an_upgrade() -> None:
    asked: list[MakeHold | CaptureHold] = [HOLD, CAPTURE, CAPTURE._replace(bill=BILL)]
    assert [task(one).fingerprint.hex() for one in asked] == HASHES


def test_whatever_is_asked_otherwise_is_another_request() -> None:
    asked: list[MakeHold | CaptureHold] = [
        HOLD,
        HOLD._replace(points=1),
        HOLD._replace(ttl=timedelta(minutes=16)),
        HOLD._replace(member_id=None, member_number="612345"),
        CAPTURE,
        CAPTURE._replace(points=None),
        CAPTURE._replace(is_final=False),
        CAPTURE._replace(bill=BILL),
        CAPTURE._replace(bill=BILL._replace(total_minor=1)),
    ]
    assert len({task(one).fingerprint for one in asked}) == len(asked)
    again = task(HOLD._replace(key="other"))
    assert again.made_id != task(HOLD).made_id
    assert replace(again, asked=HOLD).made_id == task(HOLD).made_id


def test_what_tasks_name_is_looked_at_once() -> None:
    wanted = wanted_by([task(HOLD), task(HOLD), task(CAPTURE)])
    assert (wanted.shops, wanted.members, wanted.numbers) == ([TWO], [ONE], [])
    assert set(wanted.holds) == {task(HOLD).made_id, TWO}
    assert wanted.redemptions == [task(CAPTURE).made_id]
