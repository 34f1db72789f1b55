"""Points that no purchase earned end as what is bought then does, or as somebody says."""

from datetime import date, timedelta

from services.points.domain.expiry.expiry import NEVER, ExpiryKind, ExpiryModel, end_of_day
from services.points.domain.expiry.expiry_changes import LAST_DAY
from services.points.domain.expiry.given_points import GivenTerms, ending_by, ending_on
from services.points.domain.ledger.lots import LotTerms
from shared.ids import new_id
from tests.points.samples import NOON, make_policy

LONDON, SHANGHAI = "Europe/London", "Asia/Shanghai"
MALL = new_id()
MONTH = ExpiryModel(ExpiryKind.MONTHS, 1)
SLIDING = ExpiryModel(ExpiryKind.SLIDING, 2)


def test_they_end_by_the_policy_of_their_day_in_the_mall_that_gives_them() -> None:
    policies = [
        make_policy(expiry=NEVER, version=0),
        make_policy(expiry=MONTH, effective_from=NOON),
        make_policy(expiry=SLIDING, effective_from=NOON + timedelta(days=1)),
    ]
    given = GivenTerms(policies, lambda mall_id: LONDON if mall_id == MALL else SHANGHAI)
    before = given.ending(LotTerms(), NOON - timedelta(seconds=1))
    assert (before.expires_at, before.sliding_months) == (None, None)
    in_london = given.ending(LotTerms(mall_id=MALL, funding="campaign"), NOON)
    assert in_london.expires_at == end_of_day(date(2026, 4, 10), LONDON)
    assert (in_london.mall_id, in_london.funding) == (MALL, "campaign")
    later = given.ending(LotTerms(), NOON + timedelta(days=1))
    assert later.expires_at == end_of_day(date(2026, 5, 11), SHANGHAI)
    assert later.sliding_months == 2


def test_what_is_said_of_them_counts_instead() -> None:
    sliding = ending_by(LotTerms(), SLIDING, NOON, SHANGHAI)
    never = ending_by(sliding, NEVER, NOON, SHANGHAI)
    assert (never.expires_at, never.sliding_months) == (None, None)
    that_day = ending_on(sliding, date(2026, 6, 30), LONDON)
    assert that_day.expires_at == end_of_day(date(2026, 6, 30), LONDON)
    assert that_day.sliding_months is None
    assert ending_on(sliding, date.max, LONDON).expires_at == end_of_day(LAST_DAY, LONDON)
