"""What may have rated somebody cannot be withdrawn."""

from datetime import timedelta

import pytest

from services.points.domain.receipts.errors import PolicyBegun
from services.points.domain.receipts.withdrawals import Version, check_not_begun
from tests.points.samples import NOON

LEAD = timedelta(minutes=5)
WAIT = timedelta(minutes=15)


def test_a_version_that_begins_within_the_lead_stays() -> None:
    check_not_begun(Version(NOON + LEAD + WAIT + timedelta(seconds=1), {}), NOON, LEAD)
    for begins in (NOON + LEAD + WAIT, NOON, NOON - timedelta(days=1)):
        with pytest.raises(PolicyBegun) as refused:
            check_not_begun(Version(begins, {}), NOON, LEAD)
        assert refused.value.facts == {"effective_from": begins.isoformat()}
