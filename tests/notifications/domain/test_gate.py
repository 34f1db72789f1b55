from datetime import timedelta

from services.notifications.domain.gate import (
    CHECKS,
    Candidate,
    GateRules,
    Outcome,
    Verdict,
    judge,
)
from tests.support.clock import NOON

RULES = GateRules(message_ttl=timedelta(days=7), retry_after=timedelta(minutes=1))
READY = Candidate(member_is_known=True, was_sent=False, planned_at=NOON, missing=())


def test_a_ready_message_passes_every_check() -> None:
    judged = judge(READY, NOON, RULES)
    assert judged.outcome is Outcome.PASS
    assert [v.check for v in judged.verdicts] == ["member_known", "not_sent", "fresh", "wordable"]
    assert all(v.outcome is Outcome.PASS for v in judged.verdicts)


def test_nobody_unknown_is_written_to() -> None:
    judged = judge(READY._replace(member_is_known=False), NOON, RULES)
    assert (judged.outcome, judged.reason) == (Outcome.DEFER, "member_unknown")
    assert judged.until == NOON + timedelta(minutes=1)


def test_a_message_that_was_sent_is_not_sent_again() -> None:
    judged = judge(READY._replace(was_sent=True), NOON, RULES)
    assert (judged.outcome, judged.reason) == (Outcome.SUPPRESS, "already_sent")


def test_a_message_is_worth_sending_for_seven_days_and_not_longer() -> None:
    assert judge(READY, NOON + timedelta(days=7), RULES).outcome is Outcome.PASS
    late = judge(READY, NOON + timedelta(days=7, seconds=1), RULES)
    assert (late.outcome, late.reason) == (Outcome.SUPPRESS, "message_expired")


def test_a_message_that_lacks_a_name_waits_for_it() -> None:
    judged = judge(READY._replace(missing=("tier_name",)), NOON, RULES)
    assert (judged.outcome, judged.reason) == (Outcome.DEFER, "variables_missing")


def test_a_suppression_wins_over_a_deferral() -> None:
    late = NOON + timedelta(days=8)
    judged = judge(READY._replace(missing=("tier_name",)), late, RULES)
    assert (judged.outcome, judged.reason) == (Outcome.SUPPRESS, "message_expired")
    assert len(judged.verdicts) == len(CHECKS)


def test_the_latest_of_two_deferrals_counts() -> None:
    def quiet_hours(_: Candidate, __: object, ___: GateRules) -> Verdict:
        return Verdict("quiet_hours", Outcome.DEFER, "quiet_hours", NOON + timedelta(hours=9))

    judged = judge(READY._replace(missing=("x",)), NOON, RULES, [*CHECKS, quiet_hours])
    assert (judged.reason, judged.until) == ("quiet_hours", NOON + timedelta(hours=9))
