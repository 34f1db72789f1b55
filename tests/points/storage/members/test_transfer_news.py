"""Each step of a gift is told once, with both members, so that both can hear of it."""

from uuid import UUID

from services.points.usecases.members.expire_transfers import expire_transfers
from shared.contracts.event import Event
from shared.contracts.points import (
    TransferAccepted,
    TransferCancelled,
    TransferDeclined,
    TransferExpired,
    TransferOffered,
)
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.members import close, offer, offered, two_members
from tests.support.service import read_outbox

STEPS = (TransferOffered, TransferAccepted, TransferDeclined, TransferCancelled, TransferExpired)


async def steps(mall: Mall) -> list[Event]:
    """What was told of transfers, in order."""
    told = await read_outbox(mall.engine, mall.program_id)
    return [event for event in told if isinstance(event, STEPS)]


async def with_points(mall: Mall) -> tuple[UUID, UUID]:
    giver, receiver = await two_members(mall)
    await mall.adjust(giver, 100, "a")
    return giver, receiver


async def test_an_offer_and_its_acceptance_are_told_once_however_often_they_are_asked(
    mall: Mall,
) -> None:
    giver, receiver = await with_points(mall)
    for _ in range(2):
        await offer(mall, giver, receiver, 30, "k", message="Happy birthday 🎂")
    transfer_id = await offered(mall, giver, receiver, 20, "k2")
    for _ in range(2):
        await close(mall, "acceptance", receiver, transfer_id)
    first, second, accepted = await steps(mall)
    assert isinstance(first, TransferOffered)
    assert (first.points, first.offered_at) == (30, mall.clock())
    # What one member writes to another is for the two of them.
    assert "birthday" not in first.model_dump_json()
    assert first.accept_until > mall.clock()
    assert isinstance(accepted, TransferAccepted)
    assert (accepted.from_member_id, accepted.to_member_id) == (giver, receiver)
    assert (str(accepted.transfer_id), accepted.points) == (transfer_id, 20)
    assert accepted.key() == second.key() != first.key()


async def test_what_was_refused_taken_back_or_left_lying_is_told_as_such(mall: Mall) -> None:
    giver, receiver = await with_points(mall)
    ids = [await offered(mall, giver, receiver, 10, f"k{n}") for n in range(4)]
    await close(mall, "refusal", receiver, ids[0])
    await close(mall, "cancellation", giver, ids[1])
    path = f"/v1/members/{giver}/transfers/{ids[2]}/cancellation"
    assert (await mall.post(path)).status_code == 200
    mall.clock.advance(days=8)
    for _ in range(2):
        async with transaction(mall.engine) as session:
            await expire_transfers(session, mall.clock())
    declined, cancelled, by_staff, expired = (await steps(mall))[4:]
    assert isinstance(declined, TransferDeclined)
    assert isinstance(cancelled, TransferCancelled)
    assert isinstance(by_staff, TransferCancelled)
    assert isinstance(expired, TransferExpired)
    assert (cancelled.by_staff, by_staff.by_staff) == (False, True)
    assert [str(e.transfer_id) for e in (declined, cancelled, by_staff, expired)] == ids


async def test_what_is_not_offered_or_not_accepted_is_not_told(mall: Mall) -> None:
    giver, receiver = await with_points(mall)
    assert (await offer(mall, giver, receiver, 101)).status_code == 422
    transfer_id = await offered(mall, giver, receiver, 10, "k2")
    await close(mall, "refusal", receiver, transfer_id)
    assert (await close(mall, "acceptance", receiver, transfer_id)).status_code == 409
    assert [type(event) for event in await steps(mall)] == [TransferOffered, TransferDeclined]
