from services.notifications.domain.messages import Channel
from services.notifications.usecases.read_message import read_message
from shared.db import transaction
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay


async def test_a_message_is_read_once_and_keeps_the_first_instant(hearsay: Hearsay) -> None:
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    await hearsay.send()
    [row] = await hearsay.messages()
    first = hearsay.clock()
    for was_unread in (True, False):
        async with transaction(hearsay.engine) as session:
            assert was_unread is await read_message(
                session, hearsay.clock(), hearsay.program_id, row["member_id"], row["message_id"]
            )
        hearsay.clock.advance(hours=1)
    assert (await hearsay.messages())[0]["read_at"] == first


async def test_only_what_is_in_the_member_s_own_inbox_can_be_read(hearsay: Hearsay) -> None:
    await hearsay.choose(Channel.INBOX, Channel.FILE)
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    planned = await hearsay.messages()
    await hearsay.send()
    async with transaction(hearsay.engine) as session:
        for row in planned:
            member_id = row["member_id"] if row["channel"] == "file" else new_id()
            assert not await read_message(
                session, hearsay.clock(), hearsay.program_id, member_id, row["message_id"]
            )
