import asyncio

from services.notifications.usecases.read_all_messages import read_all_messages
from shared.db import transaction
from tests.notifications.hearsay import Hearsay


async def test_two_devices_at_once_read_each_message_once(hearsay: Hearsay) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(
        hearsay.tiers(), member, *(hearsay.granted(member.member_id) for _ in range(40))
    )
    await hearsay.send()

    async def read_all() -> int:
        async with transaction(hearsay.engine) as session:
            return await read_all_messages(
                session, hearsay.clock(), hearsay.program_id, member.member_id
            )

    counts = await asyncio.gather(*(read_all() for _ in range(4)))
    assert sum(counts) == 41
    assert all(row["read_at"] for row in await hearsay.messages())


async def test_another_member_s_messages_stay_unread(hearsay: Hearsay) -> None:
    mine, other = hearsay.enrolled(), hearsay.enrolled()
    await hearsay.hear(hearsay.tiers(), mine, other)
    await hearsay.send()
    async with transaction(hearsay.engine) as session:
        await read_all_messages(session, hearsay.clock(), hearsay.program_id, mine.member_id)
    read = {row["member_id"] for row in await hearsay.messages() if row["read_at"]}
    assert read == {mine.member_id}
