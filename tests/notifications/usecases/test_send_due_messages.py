import asyncio

from services.notifications.domain.messages import Channel
from shared.contracts.notifications import MessageDelivered
from shared.db import driver, transaction
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay, titles
from tests.support.service import read_outbox


async def test_each_cause_becomes_one_message_in_the_inbox_and_one_piece_of_news(
    hearsay: Hearsay,
) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(
        hearsay.tiers(),
        hearsay.mall(),
        member,
        hearsay.risen(member.member_id, "gold"),
        hearsay.granted(member.member_id),
        hearsay.gift(member.member_id),
    )
    assert (await hearsay.send()).decided == 0, "all were shown when they were planned"
    rows = await hearsay.messages()
    assert {row["state"] for row in rows} == {"sent"}
    assert titles(rows) == [
        "Welcome",
        "You are now Gold",
        "1,200 points for you",
        "A gift for you: Tea set",
    ]
    news = await read_outbox(hearsay.engine, hearsay.program_id)
    assert [n for n in news if isinstance(n, MessageDelivered)] == news
    assert {n.message_id for n in news} == {row["message_id"] for row in rows}  # type: ignore[attr-defined]
    assert news[1].template == "tier_up/en/0"  # type: ignore[attr-defined]
    assert await hearsay.broken() == {}


async def test_two_workers_at_once_send_each_message_once(hearsay: Hearsay) -> None:
    await hearsay.hear(*(hearsay.enrolled() for _ in range(120)), hearsay.tiers())
    sent = await asyncio.gather(*(hearsay.send(count_max=30) for _ in range(4)))
    assert sum(s.decided for s in sent) <= 120
    while (await hearsay.send()).decided:
        pass
    news = await read_outbox(hearsay.engine, hearsay.program_id)
    assert len(news) == len({n.message_id for n in news}) == 120  # type: ignore[attr-defined]
    assert await hearsay.broken() == {}


async def test_a_message_whose_words_are_not_known_yet_is_sent_by_the_job_when_they_are(
    hearsay: Hearsay,
) -> None:
    await hearsay.hear(hearsay.enrolled())
    assert [row["state"] for row in await hearsay.messages()] == ["planned"]
    await hearsay.hear(hearsay.tiers())
    assert (await hearsay.send()).decided == 1
    [row] = await hearsay.messages()
    assert (row["state"], row["attempts"]) == ("sent", 1)
    assert len(await read_outbox(hearsay.engine, hearsay.program_id)) == 1
    assert await hearsay.broken() == {}


async def test_the_gate_s_verdicts_stay_with_the_message(hearsay: Hearsay) -> None:
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    await hearsay.send()
    [row] = await hearsay.messages()
    verdicts = row["verdicts"]
    assert [v["check"] for v in verdicts] == ["member_known", "not_sent", "fresh", "wordable"]
    assert {v["outcome"] for v in verdicts} == {"pass"}


async def test_a_message_that_nobody_sent_for_a_week_is_suppressed_and_not_told(
    hearsay: Hearsay,
) -> None:
    await hearsay.hear(hearsay.enrolled(), hearsay.tiers())
    hearsay.clock.advance(days=8)
    await hearsay.send()
    [row] = await hearsay.messages()
    assert (row["state"], row["reason"]) == ("suppressed", "message_expired")
    assert await read_outbox(hearsay.engine, hearsay.program_id) == []
    assert await hearsay.broken() == {}


async def test_a_template_broken_by_hand_fails_alone_and_its_neighbours_go(
    hearsay: Hearsay,
) -> None:
    broken, fine = hearsay.enrolled(locale="en"), hearsay.enrolled(locale="zh-CN")
    async with transaction(hearsay.engine) as session:
        connection = await driver(session)
        await connection.execute(
            "INSERT INTO template_head VALUES ($1, 'enrolled', 'en', 1)", hearsay.program_id
        )
        await connection.execute(
            "INSERT INTO template VALUES ($1, 'enrolled', 'en', 1, 'x', '{{ gone }}', $2, 'me')",
            hearsay.program_id,
            hearsay.clock(),
        )
    await hearsay.hear(hearsay.tiers(), broken, fine)
    await hearsay.send()
    rows = await hearsay.messages()
    assert [(r["state"], r["reason"]) for r in rows] == [
        ("failed", "template_malformed"),
        ("sent", None),
    ]
    assert await hearsay.broken() == {}


async def test_messages_of_two_programmes_go_in_one_step_each_with_its_own_words(
    hearsay: Hearsay,
) -> None:
    other = Hearsay(hearsay.engine, hearsay.clock, new_id())
    await hearsay.hear(hearsay.enrolled(), hearsay.tiers())
    await other.hear(other.enrolled(), other.tiers(basic="Friend"))
    assert (await hearsay.send()).decided == 2
    assert "as a Basic member" in (await hearsay.messages())[0]["body"]
    assert "as a Friend member" in (await other.messages())[0]["body"]


async def test_a_channel_outside_gets_its_messages_on_a_lease(hearsay: Hearsay) -> None:
    await hearsay.choose(Channel.FILE)
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    [outgoing] = (await hearsay.send(Channel.FILE)).outgoing
    assert outgoing.wording.title == "Welcome"
    assert (await hearsay.messages())[0]["state"] == "sending"
    assert (await hearsay.send(Channel.FILE)).decided == 0
    assert (await hearsay.send(Channel.INBOX)).decided == 0

    hearsay.clock.advance(seconds=60)
    [again] = (await hearsay.send(Channel.FILE)).outgoing
    assert again.due.message_id == outgoing.due.message_id
    assert (await hearsay.messages())[0]["attempts"] == 2


async def test_the_news_carries_the_correlation_of_what_caused_the_message(
    hearsay: Hearsay,
) -> None:
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    await hearsay.send()
    async with transaction(hearsay.engine) as session:
        rows = await (await driver(session)).fetch("SELECT correlation_id FROM outbox")
    assert [row["correlation_id"] for row in rows] == ["test"]
