import asyncio
from collections.abc import Sequence

from services.notifications.domain.messages import Channel, OutgoingMessage
from services.notifications.usecases.confirm_sent_messages import confirm_sent_messages
from shared.db import transaction
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay
from tests.support.service import read_outbox


async def confirm(hearsay: Hearsay, outgoing: Sequence[OutgoingMessage]) -> int:
    async with transaction(hearsay.engine) as session:
        return await confirm_sent_messages(session, hearsay.clock(), outgoing)


async def hand_over(hearsay: Hearsay, count: int = 1) -> Sequence[OutgoingMessage]:
    await hearsay.choose(Channel.FILE)
    await hearsay.hear(hearsay.tiers(), *(hearsay.enrolled() for _ in range(count)))
    return (await hearsay.send(Channel.FILE)).outgoing


async def test_a_confirmed_message_is_sent_and_told(hearsay: Hearsay) -> None:
    outgoing = await hand_over(hearsay)
    assert await confirm(hearsay, outgoing) == 1
    [row] = await hearsay.messages()
    assert (row["state"], row["sent_at"]) == ("sent", hearsay.clock())
    [news] = await read_outbox(hearsay.engine, hearsay.program_id)
    assert news.channel == "file"  # type: ignore[attr-defined]
    assert await hearsay.broken() == {}


async def test_two_workers_that_handed_over_the_same_tell_it_once(hearsay: Hearsay) -> None:
    outgoing = await hand_over(hearsay, 30)
    counts = await asyncio.gather(*(confirm(hearsay, o) for o in (outgoing, outgoing[::-1])))
    assert sum(counts) == 30
    assert len(await read_outbox(hearsay.engine, hearsay.program_id)) == 30
    assert await hearsay.broken() == {}


async def test_messages_of_two_programmes_are_confirmed_together(hearsay: Hearsay) -> None:
    other = Hearsay(hearsay.engine, hearsay.clock, new_id())
    await other.choose(Channel.FILE)
    await other.hear(other.tiers(), other.enrolled())
    outgoing = await hand_over(hearsay)
    assert await confirm(hearsay, outgoing) == 2
    assert len(await read_outbox(hearsay.engine, other.program_id)) == 1
