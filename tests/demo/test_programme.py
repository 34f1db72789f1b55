"""The programme's rules: what is made of them is what the services take."""

from datetime import UTC, datetime

from demo.programme import campaigns, earning_policy
from demo.tables import categories
from demo.year import choose_year
from deploy.local.seed_data import TIERS
from services.campaigns.api.rules.specs import CampaignSpec
from services.points.api.receipts.policies import PolicyIn

YEAR = choose_year(datetime(2026, 6, 3, tzinfo=UTC))


def test_the_policy_names_categories_and_tiers_that_exist() -> None:
    policy = PolicyIn.model_validate(earning_policy(YEAR))
    assert set(policy.categories) <= {category.code for category in categories()}
    assert set(policy.tier_multipliers_milli) < {tier["code"] for tier in TIERS}
    assert policy.effective_from == YEAR.starts_at


def test_the_campaigns_are_ones_that_can_be_drafted() -> None:
    specs = [CampaignSpec.model_validate(spec) for spec in campaigns(YEAR).values()]
    assert len({spec.name.en for spec in specs}) == len(specs) == 4
    for spec in specs:
        assert YEAR.starts_at <= spec.starts_at < spec.ends_at <= YEAR.ends_at
