"""Reward orders ask for points and are answered by events: hold, capture, cancel."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.ledger import NewPosting
from services.points.domain.spending import holding
from services.points.domain.spending.order_points import Asked, Decided, Found, OrderRequest, decide
from services.points.domain.spending.redeeming import Moment, Spent
from services.points.storage.receipts.paid_receipts import moment_of_return
from services.points.storage.receipts.pos_transactions import lock_accounts, survivor_of
from services.points.storage.spending.holds import (
    HoldLook,
    HoldWrite,
    Redemption,
    Wanted,
    look_at_holds,
    write_holds,
)
from services.points.storage.spending.redemptions import list_spent, set_returned
from shared.consumer import Delivery
from shared.contracts.campaigns import (
    OrderPointsCancelRequested,
    OrderPointsCaptureRequested,
    OrderPointsHoldRequested,
)
from shared.contracts.points import (
    OrderPointsCancelled,
    OrderPointsCaptured,
    OrderPointsHeld,
    OrderPointsRefused,
)
from shared.db import driver
from shared.outbox import News, tell

_ASKED = {
    OrderPointsHoldRequested: Asked.HOLD,
    OrderPointsCaptureRequested: Asked.CAPTURE,
    OrderPointsCancelRequested: Asked.CANCEL,
}
_ANSWERS: dict[
    str, type[OrderPointsHeld] | type[OrderPointsCaptured] | type[OrderPointsCancelled]
] = {
    holding.OPEN: OrderPointsHeld,
    holding.CAPTURED: OrderPointsCaptured,
    holding.CANCELLED: OrderPointsCancelled,
}
Event = OrderPointsHoldRequested | OrderPointsCaptureRequested | OrderPointsCancelRequested
Answer = OrderPointsHeld | OrderPointsCaptured | OrderPointsCancelled | OrderPointsRefused


@dataclass(slots=True)
class _Work:
    moment: Moment
    look: HoldLook
    spent: dict[UUID, Spent]
    write: HoldWrite = field(default_factory=HoldWrite)
    returned: list[Spent] = field(default_factory=list)
    freed: set[UUID] = field(default_factory=set)


async def work_order_points(
    session: AsyncSession, now: datetime, program_id: UUID, deliveries: Sequence[Delivery]
) -> None:
    """Do what the orders ask, in the order told, and answer each request.

    What one order asks twice is worked one after the other: a cancellation gives back the lots
    that the capture before it has taken, and looks them up.
    """
    news: list[News] = []
    for round_ in _rounds(deliveries):
        news += await _work_round(session, now, program_id, round_)
    await tell(session, news)


def _rounds(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    """Each order once in a round; its first request in the first, its second in the second."""
    rounds: list[list[Delivery]] = []
    seen: dict[UUID, int] = {}
    for delivery in deliveries:
        number = seen.get(_request(delivery.event).order_id, 0)
        seen[_request(delivery.event).order_id] = number + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(delivery)
    return rounds


async def _work_round(
    session: AsyncSession, now: datetime, program_id: UUID, deliveries: Sequence[Delivery]
) -> list[News]:
    """Lock order: accounts ascending, with those that they were merged into; holds are theirs."""
    requests = [_request(delivery.event) for delivery in deliveries]
    members = {request.member_id for request in requests}
    accounts = await lock_accounts(session, program_id, members)
    wanted = Wanted((), list(accounts), (), [request.order_id for request in requests], ())
    look = await look_at_holds(await driver(session), program_id, now, wanted, is_locking=False)
    captures = [request.redemption_id for request in requests]
    spent = {s.redemption_id: s for s in await list_spent(session, program_id, captures)}
    work = _Work(await moment_of_return(session, program_id, now), look, spent)
    news = []
    for delivery, request in zip(deliveries, requests, strict=True):
        origin = (delivery.correlation_id, delivery.traceparent)
        work.write.books.origin = origin
        decided = _decide(work, request)
        news.append(News(_answer(program_id, now, request, decided), now, *origin))
    if not work.write.is_empty:
        await write_holds(session, program_id, now, work.write)
    if work.returned:
        await set_returned(session, program_id, work.returned)
    return news


def _request(event: object) -> OrderRequest:
    assert isinstance(event, Event)
    return OrderRequest(
        _ASKED[type(event)],
        event.order_id,
        event.member_id,
        event.points,
        event.reference,
        event.mall_id,
        event.shop_id,
        event.why if isinstance(event, OrderPointsCancelRequested) else "",
    )


def _decide(work: _Work, request: OrderRequest) -> Decided:
    books, now = work.write.books, work.moment.now
    hold = work.look.holds.get(request.order_id)
    # A hold stays with the account that it was made on, unless that was merged meanwhile.
    account_id = request.member_id if hold is None else hold.account_id
    account = survivor_of(work.look.accounts, account_id)
    if account is not None and account.account_id not in work.freed:
        work.freed.add(account.account_id)
        for due in holding.expire_due(books, account, work.look.holds.values(), now):
            work.write.changed[due.hold_id] = due
    found = Found(hold, work.spent.get(request.redemption_id))
    decided = decide(books, account, found, request, work.moment)
    _keep(work, request, decided)
    return decided


def _keep(work: _Work, request: OrderRequest, decided: Decided) -> None:
    hold, write = decided.hold, work.write
    work.look.holds[hold.hold_id] = hold
    if decided.is_new:
        write.made.append(hold)
    elif decided.is_changed:
        write.changed[hold.hold_id] = hold
    if decided.spending is not None:
        write.redemptions.append(_redemption(request, decided.spending))
    if decided.spent is not None:
        work.returned.append(decided.spent)


def _redemption(request: OrderRequest, posting: NewPosting) -> Redemption:
    return Redemption(
        request.redemption_id,
        posting.account_id,
        posting.version,
        -posting.points,
        None,
        None,
        request.reference,
        None,
        request.order_id,
        0,
        request.mall_id,
        request.shop_id,
        None,
    )


def _answer(program_id: UUID, now: datetime, request: OrderRequest, decided: Decided) -> Answer:
    common = {
        "program_id": program_id,
        "order_id": request.order_id,
        "member_id": request.member_id,
        "points": decided.hold.points,
        "answered_at": now,
    }
    if decided.hold.status in _ANSWERS:
        return _ANSWERS[decided.hold.status](**common)
    refusal = decided.refusal
    why = refusal.code if refusal is not None else "refused_before"
    shortfall = refusal.facts.get("shortfall") if refusal is not None else None
    return OrderPointsRefused(**common, why=why, shortfall=shortfall)
