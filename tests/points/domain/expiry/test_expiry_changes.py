"""Points last longer in whole days of the mall, and never shorter by accident."""

import json
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.expiry.expiry import end_of_day
from services.points.domain.expiry.expiry_changes import (
    ChangeKind,
    ExpiryChange,
    change_ends,
    changed_end,
)
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms, OpenLot
from shared.ids import new_id

SHANGHAI = "Asia/Shanghai"
END = end_of_day(date(2027, 1, 31), SHANGHAI)


def test_a_month_longer_is_to_the_end_of_the_shorter_month() -> None:
    assert changed_end(ExpiryChange(ChangeKind.MONTHS, 1), END, SHANGHAI) == end_of_day(
        date(2027, 2, 28), SHANGHAI
    )
    assert changed_end(ExpiryChange(ChangeKind.DAYS, 1), END, SHANGHAI) == END + timedelta(days=1)


def test_points_without_an_end_stay_so_unless_they_may_be_shortened() -> None:
    for kind in (ChangeKind.DAYS, ChangeKind.MONTHS):
        assert changed_end(ExpiryChange(kind, 1), None, SHANGHAI) is None
    to_day = ExpiryChange(ChangeKind.LAST_DAY, on=date(2027, 1, 31))
    assert changed_end(to_day, None, SHANGHAI) is None
    assert changed_end(to_day._replace(may_shorten=True), None, SHANGHAI) == END


@given(
    kind=st.sampled_from(ChangeKind),
    amount=st.integers(1, 500),
    on=st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    ends_at=st.none()
    | st.integers(0, 2_000 * 86_400).map(
        lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    ),
)
def test_nothing_ends_earlier_unless_that_is_said(
    kind: ChangeKind, amount: int, on: date, ends_at: datetime | None
) -> None:
    after = changed_end(ExpiryChange(kind, amount, on), ends_at, "Europe/Berlin")
    if after is not None:
        assert ends_at is not None
        assert after >= ends_at


def test_each_changed_lot_keeps_what_was_before_and_why() -> None:
    lots = [
        OpenLot(1, 10, new_id(), LotTerms(expires_at=END)),
        OpenLot(2, 20, new_id(), LotTerms()),
    ]
    account = Account(new_id(), new_id(), "points", True, 30, 2, lots=lots)
    books = Books()
    change = ExpiryChange(ChangeKind.DAYS, 2)
    done = change_ends(books, account, lots, change, lambda _: SHANGHAI, {"rule": "set_by_staff"})
    assert [(lot.lot_version, lot.points, lot.before == lot.after) for lot in done] == [
        (1, 10, False),
        (2, 20, True),
    ]
    [changed] = books.lot_changes
    assert changed.kind == "expiry_set"
    assert changed.terms.expires_at == END + timedelta(days=2)
    assert json.loads(changed.reason) == {
        "rule": "set_by_staff",
        "before": END.isoformat(),
        "after": (END + timedelta(days=2)).isoformat(),
    }
    assert books.postings == []
