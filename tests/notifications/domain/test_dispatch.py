from datetime import timedelta

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.directory import Directory
from services.notifications.domain.dispatch import Decision, Templates, dispatch
from services.notifications.domain.gate import GateRules
from services.notifications.domain.messages import DueMessage, State
from services.notifications.domain.wording import Wording
from tests.notifications.domain.samples import MEMBER, make_due
from tests.support.clock import NOON

RULES = GateRules(message_ttl=timedelta(days=7), retry_after=timedelta(minutes=1))
DIRECTORY = Directory(
    known_members=frozenset({MEMBER}), tier_names={"silver": "Silver", "gold": "Gold"}
)


def decide(due: DueMessage, templates: Templates | None = None) -> Decision:
    return dispatch(due, DIRECTORY, templates or {}, NOON, RULES)


def test_a_message_that_passes_has_its_words() -> None:
    decision = decide(make_due(CauseKind.TIER_UP))
    assert decision.state is State.SENDING
    assert decision.wording is not None
    assert decision.wording.title == "You are now Gold"


def test_the_words_are_those_of_the_version_it_was_planned_with() -> None:
    key = (CauseKind.TIER_UP, "en", 4)
    due = make_due(CauseKind.TIER_UP, template_version=4)
    decision = decide(due, {key: Wording("{{ tier_name }}!", "Up from {{ from_tier_name }}.")})
    assert decision.wording == Wording("Gold!", "Up from Silver.")


def test_an_expired_message_is_suppressed_and_says_why() -> None:
    decision = decide(make_due(CauseKind.TIER_UP, planned_at=NOON - timedelta(days=8)))
    assert (decision.state, decision.reason) == (State.SUPPRESSED, "message_expired")
    assert decision.wording is None


def test_a_back_dated_cause_is_not_expired() -> None:
    decision = decide(make_due(CauseKind.TIER_UP, occurred_at=NOON - timedelta(days=300)))
    assert decision.state is State.SENDING


def test_a_message_without_its_tier_s_name_stays_planned_for_later() -> None:
    decision = decide(make_due(CauseKind.TIER_UP, facts={"tier": "black"}))
    assert (decision.state, decision.reason) == (State.PLANNED, "variables_missing")
    assert decision.due_at == NOON + timedelta(minutes=1)


def test_a_stored_template_that_no_longer_renders_fails_and_is_not_sent_blank() -> None:
    due = make_due(CauseKind.TIER_UP, template_version=1)
    for body, reason in (
        ("{{ gone }}", "template_malformed"),
        ("{% if tier_name == 'Black' %}x{% endif %}", "template_blank"),
    ):
        decision = decide(due, {(CauseKind.TIER_UP, "en", 1): Wording("Hello", body)})
        assert (decision.state, decision.reason) == (State.FAILED, reason)
        assert decision.wording is None
