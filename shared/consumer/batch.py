"""Batches of messages: claimed, worked and told, a transaction for each handler, or put aside."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared import metrics
from shared.clock import Clock
from shared.consumer.dead_letters import dead_letter_of
from shared.consumer.delivery import (
    BehindParked,
    Delivery,
    Handler,
    Handlers,
    Message,
    TooOld,
    decode,
)
from shared.contracts.event import EVENT_TYPES, KEY_BLOCKING_TOPICS
from shared.db import CommitRefused, is_passing, transaction
from shared.errors import DomainError, Unavailable
from shared.ids import lowest_id_at
from shared.inbox import claim, list_blocked_keys, park
from shared.logs import correlation_id, get_log, trace_parent

log = get_log()
Arrival = tuple[Message, Delivery]


class TooManyDeadLetters(Exception):
    """So many events in a row could not be worked that something else must be wrong."""


@dataclass(slots=True)
class Worker:
    """Works messages for one consumer. It counts the events put aside in a row."""

    consumer: str
    engine: AsyncEngine
    handlers: Handlers
    clock: Clock
    inbox_kept: timedelta
    dead_in_a_row_max: int
    dead_in_a_row: int = 0

    async def work(self, messages: Sequence[Message]) -> None:
        """Work the messages, each run of neighbours for the same handler as one batch.

        Raises `Unavailable` when nothing is wrong with the events and the moment is bad, and
        `TooManyDeadLetters`.
        """
        for run in self._runs(messages):
            await self._work_run(run)

    def _runs(self, messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
        """Of one programme and one handler each. What has the same key keeps its order.

        A handler locks what it needs in one sorted order. Two of them in one transaction would
        mix two orders: the second would wait for rows below those that the first still holds.
        """
        if all(m.program is not None for m in messages):
            messages = sorted(messages, key=lambda m: (m.program, m.topic))
        for _, run in groupby(messages, lambda m: (m.program, self._of(m))):
            yield list(run)

    def _of(self, message: Message) -> Handler | None:
        event_class = EVENT_TYPES.get(message.type)
        return None if event_class is None else self.handlers.get(event_class)

    async def _work_run(self, messages: Sequence[Message]) -> None:
        """As one batch; when that fails, each half on its own, in order."""
        try:
            await self._work_batch(messages)
            self.dead_in_a_row = 0
            return
        except Exception as error:
            if _moment_is_bad(error):
                raise _as_unavailable(error) from error
            log.info("batch_failed", consumer=self.consumer, size=len(messages), error=repr(error))
            if len(messages) == 1:
                await self._put_aside(messages[0], error)
                return
        middle = len(messages) // 2
        await self._work_run(messages[:middle])
        await self._work_run(messages[middle:])

    async def _work_batch(self, messages: Sequence[Message]) -> None:
        now = self.clock()
        arrivals = [(m, decode(m.envelope, m.record.value or b"")) for m in messages]
        self._refuse_old(arrivals, now)
        async with transaction(self.engine) as session:
            behind, clear = await self._split_blocked(session, arrivals)
            await self._park_behind(session, now, behind)
            for program_id, group in _by_program(clear):
                await self._work_program(session, now, program_id, group)
        for event_type, count in Counter(d.event.TYPE for _, d in clear).items():
            metrics.EVENTS_CONSUMED.labels(event_type, "worked").inc(count)

    def _refuse_old(self, arrivals: Iterable[Arrival], now: datetime) -> None:
        oldest = min(delivery.event_id for _, delivery in arrivals)
        if oldest < lowest_id_at(now - self.inbox_kept):
            raise TooOld(f"Event {oldest} is older than the inbox.")

    async def _split_blocked(
        self, session: AsyncSession, arrivals: Sequence[Arrival]
    ) -> tuple[list[Arrival], list[Arrival]]:
        """Those that must wait behind a parked one, and the others; each in order of arrival."""
        blocked: set[tuple[str, UUID | None, str]] = set()
        for topic in sorted({m.topic for m, _ in arrivals} & KEY_BLOCKING_TOPICS):
            keys = sorted({m.key for m, _ in arrivals if m.topic == topic})
            found = await list_blocked_keys(session, self.consumer, topic, keys)
            blocked |= {(topic, program_id, key) for program_id, key in found}
        if not blocked:
            return [], list(arrivals)
        behind: list[Arrival] = []
        clear: list[Arrival] = []
        for message, delivery in arrivals:
            # An undecodable letter may not say whose it is: then it holds back everybody's.
            places = {(message.topic, p, message.key) for p in (None, delivery.event.program_id)}
            (behind if places & blocked else clear).append((message, delivery))
        return behind, clear

    async def _park_behind(
        self, session: AsyncSession, now: datetime, behind: Sequence[Arrival]
    ) -> None:
        for program_id, group in _by_program(behind):
            for message, _ in await self._claim(session, program_id, group):
                letter = dead_letter_of(message, BehindParked.code, "")
                await park(session, self.consumer, now, letter)
                metrics.DEAD_LETTERS.labels(message.topic, letter.reason).inc()

    async def _work_program(
        self, session: AsyncSession, now: datetime, program_id: UUID, group: Sequence[Arrival]
    ) -> None:
        todo = [delivery for _, delivery in await self._claim(session, program_id, group)]
        if not todo:
            return
        correlation_id.set(todo[0].correlation_id)
        trace_parent.set(todo[0].traceparent)
        await self.handlers[type(todo[0].event)](session, now, todo)

    async def _claim(
        self, session: AsyncSession, program_id: UUID, group: Sequence[Arrival]
    ) -> list[Arrival]:
        """Those not worked or parked before, each once."""
        ids = [delivery.event_id for _, delivery in group]
        unclaimed = await claim(session, self.consumer, program_id, ids)
        fresh: list[Arrival] = []
        for message, delivery in group:
            if delivery.event_id in unclaimed:
                unclaimed.discard(delivery.event_id)
                fresh.append((message, delivery))
        return fresh

    async def _put_aside(self, message: Message, error: Exception) -> None:
        reason = error.code if isinstance(error, DomainError) else "unexpected"
        letter = dead_letter_of(message, reason, repr(error))
        async with transaction(self.engine) as session:
            if letter.program_id is not None and letter.event_id is not None:
                fresh = await claim(session, self.consumer, letter.program_id, [letter.event_id])
                if not fresh:
                    return  # A repeat of what was worked or parked before.
            await park(session, self.consumer, self.clock(), letter)
        metrics.DEAD_LETTERS.labels(message.topic, reason).inc()
        log.error("event_put_aside", consumer=self.consumer, type=message.type, reason=reason)
        self.dead_in_a_row += 1
        if self.dead_in_a_row >= self.dead_in_a_row_max:
            raise TooManyDeadLetters(
                f"{self.dead_in_a_row} events in a row could not be worked by {self.consumer}"
            )


def _by_program(arrivals: Iterable[Arrival]) -> Iterator[tuple[UUID, list[Arrival]]]:
    """By ascending programme, so that two consumers lock in the same order."""
    groups: dict[UUID, list[Arrival]] = {}
    for arrival in arrivals:
        groups.setdefault(arrival[1].event.program_id, []).append(arrival)
    for program_id in sorted(groups):
        yield program_id, groups[program_id]


def _moment_is_bad(error: Exception) -> bool:
    # What a constraint refuses at COMMIT will be refused again, whatever HTTP tells its callers.
    if isinstance(error, CommitRefused):
        return False
    return isinstance(error, Unavailable) or is_passing(error)


def _as_unavailable(error: Exception) -> Unavailable:
    return error if isinstance(error, Unavailable) else Unavailable(repr(error))
