"""Rules for what staff change by hand."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.points.domain.expiry.given_points import GivenTerms
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.adjustments import (
    ADJUSTMENT,
    AWAITS_CHECK,
    WRITE_OFF,
    Adjustment,
    AdjustmentRules,
    ReasonCode,
    Unchecked,
    post_adjustment,
)
from services.points.domain.ledger.errors import (
    EvidenceMissing,
    InsufficientPoints,
    MoreThanOwed,
    ReasonCodeUnknown,
)
from services.points.domain.ledger.ledger import Books
from services.points.domain.receipts.earning import default_policy
from services.points.domain.wallets.wallets import BUILT_IN
from tests.points.samples import make_account, make_cause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
RULES = AdjustmentRules(
    1, 100, (ReasonCode("goodwill", {}), ReasonCode("error", {}, needs_evidence=True))
)

GIVEN = GivenTerms([default_policy(NOW)], lambda _: "UTC")


def post(books: Books, account: Account, points: int, kind: str = ADJUSTMENT) -> tuple[int, int]:
    made = Adjustment(
        uuid4(),
        account.account_id,
        kind,
        AWAITS_CHECK,
        points,
        "goodwill",
        "x",
        None,
        "staff-1",
        b"",
        NOW,
    )
    return post_adjustment(books, account, made, BUILT_IN, "UTC", GIVEN, NOW)


def test_a_reason_is_known_and_has_its_evidence() -> None:
    RULES.check("goodwill", None)
    RULES.check("error", "https://example.com/17")
    with pytest.raises(ReasonCodeUnknown):
        RULES.check("because", None)
    with pytest.raises(EvidenceMissing):
        RULES.check("error", None)
    AdjustmentRules(0, 100).check("because", None)


@pytest.mark.parametrize(("points", "expected"), [(100, False), (101, True), (-101, True)])
def test_more_than_the_threshold_needs_a_second_person(points: int, expected: bool) -> None:
    assert RULES.needs_check(points, Unchecked(0, 0)) is expected
    # What the same person gave, or took, before counts on; the one does not count for the other.
    before = Unchecked(0, 60) if points > 0 else Unchecked(60, 0)
    assert RULES.needs_check(points, before) is expected
    assert RULES.needs_check(points // 2, Unchecked(60, 60))


def test_a_debt_is_written_off_up_to_what_is_owed_and_points_are_taken_up_to_what_is_there() -> (
    None
):
    books, account = Books(), make_account()
    assert post(books, account, 30) == (1, 30)
    with pytest.raises(InsufficientPoints):
        post(books, account, -31)
    books.claw_back(account, 50, make_cause())
    with pytest.raises(MoreThanOwed):
        post(books, account, 21, WRITE_OFF)
    assert post(books, account, 20, WRITE_OFF) == (3, 0)
    assert account.lots == []
