"""Something happened to members: a message row for each, once for ever, at best shown at once."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import metrics
from services.notifications.domain.causes import Cause
from services.notifications.domain.dispatch import Decision
from services.notifications.domain.gate import GateRules
from services.notifications.domain.messages import Channel, DueMessage, State
from services.notifications.storage.channels import list_channels
from services.notifications.storage.members import lock_members
from services.notifications.storage.news import tell_delivered
from services.notifications.storage.plans import Plan, insert_plans
from services.notifications.storage.templates import list_versions_in_force
from services.notifications.usecases.decide_messages import decide_messages
from shared.ids import new_id

# What does not pass at once is asked again by the job: no rule can be broken by waiting no time.
_AT_ONCE = GateRules(message_ttl=timedelta(0), retry_after=timedelta(0))


async def plan_messages(
    session: AsyncSession, now: datetime, program_id: UUID, causes: Sequence[Cause]
) -> int:
    """Plan a message per cause and channel of the programme. Returns how many were new.

    A cause that was planned before is passed over. A cause of a member who has not been heard of
    waits in the row that the member's enrolment will lock (`welcome_members`).
    """
    if not causes:
        return 0
    locales = await lock_members(session, program_id, [c.member_id for c in causes])
    versions = await list_versions_in_force(session, program_id)
    channels = await list_channels(session, program_id)
    pairs = [(cause, channel) for cause in causes for channel in channels]
    # Ids of one millisecond are in no order; sorted, the inbox shows causes as they were heard.
    ids = sorted(new_id() for _ in pairs)
    plans = [
        _plan(message_id, cause, channel, locales[cause.member_id], versions)
        for message_id, (cause, channel) in zip(ids, pairs, strict=True)
    ]
    decisions = await _first_look(session, now, program_id, plans)
    planned = await insert_plans(session, program_id, plans, decisions, now)
    shown = [decisions[message_id].due for message_id in planned if message_id in decisions]
    # The message's id is its news' id too: it is told once.
    await tell_delivered(session, [(due, due.message_id) for due in shown], now)
    _count(plans, set(planned), decisions)
    return len(planned)


def _plan(
    message_id: UUID,
    cause: Cause,
    channel: Channel,
    locale: str | None,
    versions: Mapping[tuple[str, str], int],
) -> Plan:
    version = None if locale is None else versions.get((cause.kind.value, locale), 0)
    return Plan(message_id, cause, channel, locale, version)


async def _first_look(
    session: AsyncSession, now: datetime, program_id: UUID, plans: Sequence[Plan]
) -> dict[UUID, Decision]:
    """The inbox messages that can be shown at once, by id: their row is written once, as sent.

    Any other is planned, and comes to the gate again by the job, under the deployment's rules.
    """
    due = [_due(plan, now, program_id) for plan in plans if plan.channel is Channel.INBOX]
    known = [message for message in due if message is not None]
    decisions = await decide_messages(session, now, program_id, known, _AT_ONCE)
    return {d.due.message_id: d for d in decisions if d.state is State.SENDING}


def _due(plan: Plan, now: datetime, program_id: UUID) -> DueMessage | None:
    """The message before the gate; None while its member is not known."""
    if plan.locale is None or plan.template_version is None:
        return None
    cause = plan.cause
    return DueMessage(
        program_id=program_id,
        message_id=plan.message_id,
        member_id=cause.member_id,
        kind=cause.kind,
        cause_id=cause.cause_id,
        occurred_at=cause.occurred_at,
        channel=plan.channel,
        locale=plan.locale,
        template_version=plan.template_version,
        facts=cause.facts,
        planned_at=now,
        sent_at=None,
        correlation_id=cause.correlation_id,
        traceparent=cause.traceparent,
    )


def _count(plans: Sequence[Plan], planned: Set[UUID], decisions: Mapping[UUID, Decision]) -> None:
    new = [plan for plan in plans if plan.message_id in planned]
    for kind, count in Counter(plan.cause.kind.value for plan in new).items():
        metrics.MESSAGES_PLANNED.labels(kind).inc(count)
    shown = sum(plan.message_id in decisions for plan in new)
    labels = (Channel.INBOX.value, State.SENDING.value, "")
    metrics.MESSAGES_DECIDED.labels(*labels).inc(shown)
