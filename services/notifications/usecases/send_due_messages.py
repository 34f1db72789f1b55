"""Messages whose time has come go through the gate, and out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications import metrics
from services.notifications.domain.dispatch import Decision
from services.notifications.domain.gate import GateRules
from services.notifications.domain.messages import Channel, DueMessage, OutgoingMessage, State
from services.notifications.storage.deliveries import (
    insert_into_inbox,
    lock_due_messages,
    update_decided,
)
from services.notifications.storage.news import tell_delivered
from services.notifications.usecases.decide_messages import decide_messages
from shared.errors import Invariant
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Sending:
    """How many due messages were decided, and those that a channel outside must now take."""

    decided: int
    outgoing: Sequence[OutgoingMessage]


async def send_due_messages(
    session: AsyncSession,
    now: datetime,
    channel: Channel,
    rules: GateRules,
    lease: timedelta,
    count_max: int,
) -> Sending:
    """Decide up to `count_max` due messages of the channel.

    For the inbox, being visible is being sent: it happens in this transaction, exactly once, for
    those that could not be shown when they were planned. Any other channel sends after the commit:
    its messages are leased to the caller, who hands them over and calls `confirm_sent_messages`. A
    lease that ends unconfirmed makes them due again.
    """
    due = await lock_due_messages(session, now, channel, count_max)
    outgoing: list[OutgoingMessage] = []
    for program_id, group in _by_program(due).items():
        decisions = await decide_messages(session, now, program_id, group, rules)
        going = [d for d in decisions if d.state is State.SENDING]
        if channel is Channel.INBOX:
            staying = [d for d in decisions if d.state is not State.SENDING]
            await _write(session, now, program_id, staying, lease)
            await _show(session, now, program_id, going)
        else:
            await _write(session, now, program_id, decisions, lease)
            outgoing += [OutgoingMessage(d.due, d.wording) for d in going if d.wording is not None]
        _count(channel, decisions)
    return Sending(len(due), outgoing)


def _by_program(due: Sequence[DueMessage]) -> dict[UUID, list[DueMessage]]:
    groups: dict[UUID, list[DueMessage]] = {}
    for message in due:
        groups.setdefault(message.program_id, []).append(message)
    return groups


async def _write(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    decisions: Sequence[Decision],
    lease: timedelta,
) -> None:
    if not decisions:
        return
    if await update_decided(session, program_id, decisions, now, lease) != len(decisions):
        raise Invariant("A locked message was not written")


async def _show(
    session: AsyncSession, now: datetime, program_id: UUID, going: Sequence[Decision]
) -> None:
    if not going:
        return
    event_ids = [new_id() for _ in going]
    if await insert_into_inbox(session, program_id, going, event_ids, now) != len(going):
        raise Invariant("A locked message was not put into its inbox")
    dues = [d.due for d in going]
    await tell_delivered(session, zip(dues, event_ids, strict=True), now)


def _count(channel: Channel, decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        labels = (channel.value, decision.state.value, decision.reason or "")
        metrics.MESSAGES_DECIDED.labels(*labels).inc()
