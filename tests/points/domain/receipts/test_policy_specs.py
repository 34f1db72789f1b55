"""Policies are read as they were stored, also those of long ago."""

from datetime import date
from uuid import UUID

from services.points.domain.expiry.expiry import ExpiryKind, ExpiryModel
from services.points.domain.expiry.pending import PendingMode, PendingTerms
from services.points.domain.receipts.caps import Cap, CapPeriod, Exceeded, Limits
from services.points.domain.receipts.earning import Clawback, Rounding, RoundingLevel
from services.points.domain.receipts.earning_rates import (
    Basis,
    Combine,
    Levels,
    Rate,
    Rule,
    RulesCombine,
)
from services.points.domain.receipts.policy_specs import read_policy
from tests.points.samples import SHOP

SINCE = "2026-01-01T00:00:00+08:00"
OLD = {
    "programme": {"points": 1, "per_minor": 100},
    "categories": {"tea": {"points": 2, "per_minor": 100}},
    "shops": {str(SHOP): {"points": 3, "per_minor": 100}},
    "tier_multipliers_milli": {"gold": 1_500},
    "rounding": "half_up",
    "expires_months": 24,
}


def test_a_version_from_before_all_this_reads_as_it_was_meant() -> None:
    policy = read_policy(1, SINCE, OLD)
    assert policy.levels == Levels(
        Rate(1, 100), categories={"tea": Rate(2, 100)}, shops={SHOP: Rate(3, 100)}
    )
    assert policy.expiry == ExpiryModel(ExpiryKind.MONTHS, 24)
    assert (policy.rounding, policy.rounding_level) == (Rounding.HALF_UP, RoundingLevel.RECEIPT)
    assert (policy.basis, policy.limits, policy.clawback) == (Basis(), Limits(), Clawback.DEBT)


def test_everything_that_can_be_stated_is_read() -> None:
    mall, name = UUID(int=1), UUID(int=2)
    spec = {
        **OLD,
        "expires_months": None,
        "malls": {str(mall): {"points": 4, "per_minor": 100, "step_minor": 1_000}},
        "brands": {"lungo": {"points": 5, "per_minor": 100}},
        "combine": "sum",
        "rules": [
            {"code": "r", "rate": {"points": 6, "per_minor": 100}, "malls": [str(mall)]},
            {"code": "m", "multiplier_milli": 2_000, "skus": ["S"], "brands": ["lungo"]},
        ],
        "rules_combine": "first",
        "rounding_level": "line",
        "eligible": {"tax": "excluded", "delivery": "excluded", "excluded_tenders": ["points"]},
        "minimum_minor": 7,
        "caps": [{"code": "c", "period": "day", "points": 8, "when_exceeded": "reject"}],
        "cooldown_seconds": 9,
        "pending": {"mode": "date", "on": "2026-05-01"},
        "expiry": {"kind": "sliding", "months": 6},
        "clawback": "clamp",
        "policy_id": str(name),
    }
    policy = read_policy(2, SINCE, spec)
    levels = policy.levels
    assert levels.malls == {mall: Rate(4, 100, 1_000)}
    assert (levels.combine, levels.rules_combine) == (Combine.SUM, RulesCombine.FIRST)
    assert levels.rules == (
        Rule("r", Rate(6, 100), malls=frozenset({mall})),
        Rule("m", None, 2_000, skus=frozenset({"S"}), brands=frozenset({"lungo"})),
    )
    assert policy.basis == Basis(False, False, frozenset({"points"}))
    cap = Cap("c", CapPeriod.DAY, 8, Exceeded.REJECT)
    assert policy.limits == Limits((cap,), 9)
    assert policy.pending == PendingTerms(PendingMode.DATE, on=date(2026, 5, 1))
    assert policy.expiry == ExpiryModel(ExpiryKind.SLIDING, 6)
    assert (policy.clawback, policy.policy_id) == (Clawback.CLAMP, name)
    assert (policy.minimum_minor, policy.rounding_level) == (7, RoundingLevel.LINE)
