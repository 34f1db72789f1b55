import httpx

from shared.ids import new_id
from tests.notifications.hearsay import Hearsay
from tests.support.tokens import member_headers, staff_headers


async def test_staff_see_why_a_message_was_sent(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    member = hearsay.enrolled()
    rise = hearsay.risen(member.member_id, "gold")
    await hearsay.hear(hearsay.tiers(), member, rise)
    await hearsay.send()
    message_id = (await hearsay.messages())[1]["message_id"]
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["messages"])
    told = (await client.get(f"/v1/messages/{message_id}", headers=staff)).json()
    assert told["cause"]["kind"] == "tier_up"
    assert told["cause"]["facts"] == {"tier": "gold", "from_tier": "basic"}
    assert told["template"] == {"locale": "en", "version": 0}
    assert (told["state"], told["reason"], told["attempts"]) == ("sent", None, 1)
    assert {v["outcome"] for v in told["verdicts"]} == {"pass"}
    assert told["correlation_id"] == "test"


async def test_staff_see_why_a_message_was_not_sent(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(member, hearsay.tiers())
    hearsay.clock.advance(days=8)
    await hearsay.send()
    [row] = await hearsay.messages()
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["messages"])
    told = (await client.get(f"/v1/messages/{row['message_id']}", headers=staff)).json()
    assert (told["state"], told["reason"]) == ("suppressed", "message_expired")
    [verdict] = [v for v in told["verdicts"] if v["outcome"] == "suppress"]
    assert (verdict["check"], verdict["reason"]) == ("fresh", "message_expired")
    assert told["title"] is None


async def test_staff_find_a_member_s_messages_in_every_state(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    member_id = new_id()
    await hearsay.hear(*(hearsay.granted(member_id) for _ in range(5)))
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["messages"])
    seen, cursor = [], None
    for size in (2, 2, 1):
        query = {"member_id": str(member_id), "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/v1/messages", params=query, headers=staff)).json()
        assert len(page["messages"]) == size
        seen += page["messages"]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len({m["message_id"] for m in seen}) == 5
    assert all(m["template"] is None and m["verdicts"] == [] for m in seen)

    for state, count in (("waiting_member", 5), ("sent", 0)):
        query = {"member_id": str(member_id), "state": state}
        page = (await client.get("/v1/messages", params=query, headers=staff)).json()
        assert len(page["messages"]) == count


async def test_a_message_that_is_not_there_is_404_and_a_member_is_403(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["messages"])
    answer = await client.get(f"/v1/messages/{new_id()}", headers=staff)
    assert (answer.status_code, answer.json()["code"]) == (404, "message_unknown")
    member = member_headers(hearsay.clock, hearsay.program_id, new_id())
    assert (await client.get(f"/v1/messages/{new_id()}", headers=member)).status_code == 403
    without = staff_headers(hearsay.clock, hearsay.program_id, ["templates"])
    query = {"member_id": str(new_id())}
    assert (await client.get("/v1/messages", params=query, headers=without)).status_code == 403
