from datetime import UTC, datetime

from services.notifications.domain.causes import VARIABLES, CauseKind
from services.notifications.domain.directory import Directory
from services.notifications.domain.variables import fill_variables
from tests.notifications.domain.samples import MALL, make_due

DIRECTORY = Directory(
    tier_names={"basic": "Basic", "silver": "Silver", "gold": "Gold"},
    time_zones={MALL: "Asia/Shanghai"},
)


def test_every_cause_fills_all_of_its_variables() -> None:
    for kind in CauseKind:
        assert fill_variables(make_due(kind), DIRECTORY).keys() == VARIABLES[kind].keys()


def test_tiers_are_called_by_their_names() -> None:
    filled = fill_variables(make_due(CauseKind.TIER_UP), DIRECTORY)
    assert (filled["from_tier_name"], filled["tier_name"]) == ("Silver", "Gold")


def test_a_tier_whose_name_has_not_arrived_is_left_out_and_not_guessed() -> None:
    filled = fill_variables(make_due(CauseKind.TIER_UP), Directory(tier_names={"gold": "Gold"}))
    assert "from_tier_name" not in filled


def test_a_reward_is_explained_in_the_member_s_language() -> None:
    due = make_due(CauseKind.REWARD_POINTS, locale="zh-CN")
    assert fill_variables(due, DIRECTORY)["explanation"] == "消费满900元。"


def test_a_reward_explained_in_one_language_only_is_told_in_that_one() -> None:
    due = make_due(CauseKind.REWARD_GIFT, locale="zh-CN")
    assert fill_variables(due, DIRECTORY)["explanation"] == "You spent 900.00."


def test_a_reward_without_any_explanation_names_its_campaign() -> None:
    due = make_due(CauseKind.REWARD_GIFT, facts={"explanation": {}})
    assert fill_variables(due, DIRECTORY)["explanation"] == "Spring"


def test_the_day_is_the_mall_s_and_worded_for_the_member() -> None:
    late = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
    english = make_due(CauseKind.REWARD_POINTS, occurred_at=late)
    chinese = make_due(CauseKind.REWARD_POINTS, occurred_at=late, locale="zh-CN")
    assert fill_variables(english, DIRECTORY)["happened_on"] == "11 March 2026"
    assert fill_variables(chinese, DIRECTORY)["happened_on"] == "2026年3月11日"


def test_control_characters_in_names_do_not_reach_members() -> None:
    due = make_due(CauseKind.REWARD_POINTS, facts={"campaign_name": "Spring\x00 in\nthe mall "})
    assert fill_variables(due, DIRECTORY)["campaign_name"] == "Spring  in the mall"


def test_a_name_of_spaces_is_no_name() -> None:
    due = make_due(CauseKind.REWARD_GIFT, facts={"gift_name": " \x00 "})
    assert "gift_name" not in fill_variables(due, DIRECTORY)
