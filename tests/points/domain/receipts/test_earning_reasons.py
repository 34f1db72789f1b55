"""The reason of an earning is JSON with every input."""

import json

from services.points.domain.receipts.earning import rate_lines
from services.points.domain.receipts.earning_rates import Basis, Rate, Rule
from services.points.domain.receipts.earning_reasons import (
    is_cooled_down,
    minimum_note,
    rating_reason,
)
from services.points.domain.receipts.receipts import Line
from tests.points.samples import SHOP, make_lines, make_policy, rate


def test_a_reason_adds_up_by_rate() -> None:
    policy = make_policy(
        Rate(1, 100),
        categories={"tea": Rate(2, 50, step_minor=1_000)},
        rules=(Rule("double", multiplier_milli=2_000, categories=frozenset({"tea"})),),
        basis=Basis(excluded_tenders=frozenset({"points"})),
        tier_multipliers_milli={"gold": 1_500},
    )
    lines = [*make_lines(1_000, 2_000), Line(3, "tea", None, 1, 1_000, 0)]
    rating = rate_lines(policy, SHOP, lines, None, [("points", 2_000)])
    reason = json.loads(rating_reason(rating, "gold", ',"currency":"CNY"'))
    assert reason["rates"] == [
        {"source": "programme", "points": 1, "per_minor": 100, "eligible_minor": 1_500},
        {
            "source": "category:tea",
            "points": 2,
            "per_minor": 50,
            "step_minor": 1_000,
            "multipliers": ["double"],
            "eligible_minor": 500,
        },
    ]
    assert (reason["policy_id"], reason["policy_version"]) == (str(policy.policy_id), 1)
    assert (reason["tier"], reason["multiplier_milli"]) == ("gold", 1_500)
    assert (reason["eligible_minor"], reason["currency"]) == (2_000, "CNY")
    assert (reason["rounding"], reason["rounding_level"]) == ("floor", "receipt")
    # 15 by the programme and 40 by tea, before full steps.
    assert reason["weight"] == 55 * reason["denominator"]


def test_nobodys_tier_is_null() -> None:
    assert json.loads(rating_reason(rate(make_policy(), 100), None))["tier"] is None


def test_a_cooldown_is_known_by_its_note() -> None:
    assert not is_cooled_down(None)
    below = rate(make_policy(minimum_minor=500), 100)
    assert not is_cooled_down(json.dumps([minimum_note(below)]))
    assert is_cooled_down('[{"code":"cooldown"}]')
