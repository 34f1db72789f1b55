import httpx
import pytest

from services.notifications.domain.messages import Channel
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay
from tests.support.tokens import member_headers, service_headers, staff_headers


async def fill(hearsay: Hearsay, rewards: int = 4) -> tuple[str, dict[str, str]]:
    """A member with a full inbox: its path and the member's token."""
    member = hearsay.enrolled()
    granted = [hearsay.granted(member.member_id, 1000 + n) for n in range(rewards)]
    await hearsay.hear(hearsay.tiers(), member)
    for grant in granted:
        await hearsay.hear(grant)
    await hearsay.send()
    headers = member_headers(hearsay.clock, hearsay.program_id, member.member_id)
    return f"/v1/members/{member.member_id}/messages", headers


async def test_a_member_reads_the_inbox_page_by_page_newest_first(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, headers = await fill(hearsay)
    seen, cursor = [], None
    for size in (2, 2, 1):
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await client.get(path, params=query, headers=headers)).json()
        assert len(page["messages"]) == size
        seen += [m["message_id"] for m in page["messages"]]
        cursor = page["next_cursor"]
    assert cursor is None
    rows = await hearsay.messages()
    assert sorted(seen) == sorted(str(row["message_id"]) for row in rows)


async def test_a_message_says_what_happened_in_the_member_s_words(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, headers = await fill(hearsay, 0)
    [message] = (await client.get(path, headers=headers)).json()["messages"]
    assert message["cause"] == "enrolled"
    assert message["title"] == "Welcome"
    assert "10 March 2026 as a Basic member" in message["body"]
    assert message["read_at"] is None


async def test_reading_is_safe_to_repeat_and_leaves_the_unread_list(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, headers = await fill(hearsay)
    first = (await client.get(path, headers=headers)).json()["messages"][0]["message_id"]
    once = await client.post(f"{path}/{first}/read", headers=headers)
    hearsay.clock.advance(minutes=5)
    twice = await client.post(f"{path}/{first}/read", headers=headers)
    assert once.status_code == twice.status_code == 200
    assert once.json()["read_at"] == twice.json()["read_at"] is not None

    count = (await client.get(f"{path}/unread-count", headers=headers)).json()
    assert count == {"unread": 4}
    unread = await client.get(path, params={"unread": True}, headers=headers)
    assert first not in [m["message_id"] for m in unread.json()["messages"]]


async def test_all_is_read_at_once_and_the_second_time_nothing(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, headers = await fill(hearsay)
    results = [await client.post(f"{path}/read-all", headers=headers) for _ in range(2)]
    assert [r.json() for r in results] == [{"read": 5}, {"read": 0}]
    assert (await client.get(f"{path}/unread-count", headers=headers)).json() == {"unread": 0}


async def test_what_went_to_the_file_is_not_in_the_inbox(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    await hearsay.choose(Channel.FILE)
    path, headers = await fill(hearsay)
    assert (await client.get(path, headers=headers)).json()["messages"] == []


async def test_a_member_of_whom_nothing_was_heard_yet_has_an_empty_inbox(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    member_id = new_id()
    headers = member_headers(hearsay.clock, hearsay.program_id, member_id)
    answer = await client.get(f"/v1/members/{member_id}/messages", headers=headers)
    assert answer.json() == {"messages": [], "next_cursor": None}


async def test_another_member_s_inbox_does_not_exist_for_a_member(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, headers = await fill(hearsay, 1)
    message = (await client.get(path, headers=headers)).json()["messages"][0]["message_id"]
    stranger = member_headers(hearsay.clock, hearsay.program_id, new_id())
    for method, place in (
        ("GET", path),
        ("GET", f"{path}/unread-count"),
        ("POST", f"{path}/read-all"),
        ("POST", f"{path}/{message}/read"),
    ):
        answer = await client.request(method, place, headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")


async def test_staff_with_the_role_may_look_and_not_read_in_the_member_s_name(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, _ = await fill(hearsay, 1)
    staff = staff_headers(hearsay.clock, hearsay.program_id, ["messages"])
    assert len((await client.get(path, headers=staff)).json()["messages"]) == 2
    assert (await client.get(f"{path}/unread-count", headers=staff)).json() == {"unread": 2}
    refused = await client.post(f"{path}/read-all", headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_principal")

    without = staff_headers(hearsay.clock, hearsay.program_id, ["templates"])
    answer = await client.get(path, headers=without)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    unknown = f"/v1/members/{new_id()}/messages"
    assert (await client.get(unknown, headers=staff)).json()["code"] == "member_unknown"


async def test_nobody_and_another_system_are_turned_away(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, _ = await fill(hearsay, 0)
    assert (await client.get(path)).status_code == 401
    service = service_headers(hearsay.clock, hearsay.program_id)
    assert (await client.get(path, headers=service)).status_code == 403


async def test_a_message_that_is_not_there_cannot_be_read(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, headers = await fill(hearsay, 0)
    answer = await client.post(f"{path}/{new_id()}/read", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "message_unknown")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "9" * 400},
        {"cursor": "nonsense"},
        {"cursor": "f" * 14 + "-" + "0" * 32},
        {"unread": "perhaps"},
    ],
)
async def test_a_page_that_cannot_be_is_refused(
    hearsay: Hearsay, client: httpx.AsyncClient, query: dict[str, str | int]
) -> None:
    path, headers = await fill(hearsay, 0)
    assert (await client.get(path, params=query, headers=headers)).status_code == 422


async def test_the_furthest_cursor_is_an_instant_that_exists(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    path, headers = await fill(hearsay, 0)
    for place, count in (("f" * 13, 1), ("0", 0)):
        query = {"cursor": f"{place}-{'f' * 32}"}
        page = (await client.get(path, params=query, headers=headers)).json()
        assert len(page["messages"]) == count
