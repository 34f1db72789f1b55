"""Until when points last that no purchase earned: those of campaigns, and those that staff give."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.points.domain.expiry.expiry import ExpiryModel, end_of_day, expiry_of
from services.points.domain.expiry.expiry_changes import LAST_DAY, ZoneOf
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.receipts.earning import Policy, policy_at


class GivenTerms(NamedTuple):
    """The programme's earning policies, and the zones of its malls."""

    policies: Sequence[Policy]
    zone_of: ZoneOf

    def ending(self, terms: LotTerms, given_at: datetime) -> LotTerms:
        """As what is bought that day ends: by the policy in force, in the mall that gives them."""
        model = policy_at(self.policies, given_at).expiry
        return ending_by(terms, model, given_at, self.zone_of(terms.mall_id))


def ending_by(terms: LotTerms, model: ExpiryModel, given_at: datetime, time_zone: str) -> LotTerms:
    """By the model, counted from the day on which they were given."""
    expires_at, sliding_months = expiry_of(model, given_at, time_zone)
    return terms._replace(expires_at=expires_at, sliding_months=sliding_months)


def ending_on(terms: LotTerms, last_day: date, time_zone: str) -> LotTerms:
    """At the end of that day."""
    ends_at = end_of_day(min(last_day, LAST_DAY), time_zone)
    return terms._replace(expires_at=ends_at, sliding_months=None)
