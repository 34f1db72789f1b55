"""What becomes of a due message: gate, then words."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from services.notifications.domain.causes import VARIABLES, CauseKind
from services.notifications.domain.default_templates import DEFAULTS
from services.notifications.domain.directory import Directory
from services.notifications.domain.errors import TemplateBlank, TemplateMalformed
from services.notifications.domain.gate import Candidate, GateRules, Outcome, Verdict, judge
from services.notifications.domain.messages import DueMessage, State
from services.notifications.domain.variables import fill_variables
from services.notifications.domain.wording import Values, Wording, render

# (cause, locale, version) of the templates that staff wrote; version 0 is in the code.
Templates = Mapping[tuple[CauseKind, str, int], Wording]


class Decision(NamedTuple):
    """`state` is SENDING (go), PLANNED (again at `due_at`), SUPPRESSED or FAILED (never)."""

    due: DueMessage
    state: State
    reason: str | None
    verdicts: tuple[Verdict, ...]
    due_at: datetime
    wording: Wording | None = None


def dispatch(
    due: DueMessage, directory: Directory, templates: Templates, now: datetime, rules: GateRules
) -> Decision:
    """Ask the gate, then find the words."""
    values = fill_variables(due, directory)
    candidate = Candidate(
        member_is_known=due.member_id in directory.known_members,
        was_sent=due.sent_at is not None,
        planned_at=due.planned_at,
        missing=tuple(name for name in VARIABLES[due.kind] if name not in values),
    )
    judged = judge(candidate, now, rules)
    match judged.outcome:
        case Outcome.SUPPRESS:
            return Decision(due, State.SUPPRESSED, judged.reason, judged.verdicts, now)
        case Outcome.DEFER:
            until = judged.until or now
            return Decision(due, State.PLANNED, judged.reason, judged.verdicts, until)
        case Outcome.PASS:
            return _worded(due, templates, values, now, judged.verdicts)


def _worded(
    due: DueMessage,
    templates: Templates,
    values: Values,
    now: datetime,
    verdicts: tuple[Verdict, ...],
) -> Decision:
    try:
        wording = render(_template_of(due, templates), values)
    except (TemplateMalformed, TemplateBlank) as error:
        # Saving refuses such templates; one that became so since is kept apart, not sent blank.
        return Decision(due, State.FAILED, error.code, verdicts, now)
    return Decision(due, State.SENDING, None, verdicts, now, wording)


def _template_of(due: DueMessage, templates: Templates) -> Wording:
    if due.template_version == 0:
        return DEFAULTS[due.kind, due.locale]
    return templates[due.kind, due.locale, due.template_version]
