"""The dispatch gate: a list of pure checks, asked at the moment of sending.

Every check gives a verdict and all verdicts are kept with the message, so that staff can see why
it went out or did not. Consent, frequency caps and quiet hours join as further checks: a check
may also defer, and the message comes back to the gate at the instant that it names.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What a check says of the message."""

    PASS = "pass"
    DEFER = "defer"
    SUPPRESS = "suppress"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check's answer. `reason` is a stable code; `until` is set for a deferral."""

    check: str
    outcome: Outcome
    reason: str | None = None
    until: datetime | None = None


class Candidate(NamedTuple):
    """A message before the gate. `missing` names variables that cannot be told yet."""

    member_is_known: bool
    was_sent: bool
    planned_at: datetime
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateRules:
    """How long a message is worth sending, and how soon an unready one is looked at again."""

    message_ttl: timedelta
    retry_after: timedelta


Check = Callable[[Candidate, datetime, GateRules], Verdict]


# Most messages pass every check: these answers are made once.
_MEMBER_KNOWN = Verdict("member_known", Outcome.PASS)
_NOT_SENT = Verdict("not_sent", Outcome.PASS)
_FRESH = Verdict("fresh", Outcome.PASS)
_WORDABLE = Verdict("wordable", Outcome.PASS)


def _member_known(candidate: Candidate, now: datetime, rules: GateRules) -> Verdict:
    """Nobody is written to whose language and choices are not known here."""
    if candidate.member_is_known:
        return _MEMBER_KNOWN
    return Verdict("member_known", Outcome.DEFER, "member_unknown", now + rules.retry_after)


def _not_sent(candidate: Candidate, _: datetime, __: GateRules) -> Verdict:
    if candidate.was_sent:
        return Verdict("not_sent", Outcome.SUPPRESS, "already_sent")
    return _NOT_SENT


def _fresh(candidate: Candidate, now: datetime, rules: GateRules) -> Verdict:
    """Counted from when it could first be sent: a back-dated cause is not stale by itself."""
    if now - candidate.planned_at > rules.message_ttl:
        return Verdict("fresh", Outcome.SUPPRESS, "message_expired")
    return _FRESH


def _wordable(candidate: Candidate, now: datetime, rules: GateRules) -> Verdict:
    """A tier's name may still be on its way; a message with a hole is never sent."""
    if candidate.missing:
        return Verdict("wordable", Outcome.DEFER, "variables_missing", now + rules.retry_after)
    return _WORDABLE


CHECKS: tuple[Check, ...] = (_member_known, _not_sent, _fresh, _wordable)


class Judgement(NamedTuple):
    """The gate's answer: the first suppression, else the latest deferral, else pass."""

    outcome: Outcome
    reason: str | None
    until: datetime | None
    verdicts: tuple[Verdict, ...]


def judge(
    candidate: Candidate, now: datetime, rules: GateRules, checks: Sequence[Check] = CHECKS
) -> Judgement:
    """Ask every check about the candidate."""
    verdicts = tuple([check(candidate, now, rules) for check in checks])
    if all(verdict.outcome is Outcome.PASS for verdict in verdicts):
        return Judgement(Outcome.PASS, None, None, verdicts)
    for verdict in verdicts:
        if verdict.outcome is Outcome.SUPPRESS:
            return Judgement(Outcome.SUPPRESS, verdict.reason, None, verdicts)
    deferrals = [v for v in verdicts if v.outcome is Outcome.DEFER]
    last = max(deferrals, key=lambda v: v.until or now)
    return Judgement(Outcome.DEFER, last.reason, last.until, verdicts)
