from typing import Any

import httpx
import pytest

from tests.notifications.hearsay import Hearsay, titles
from tests.support.tokens import member_headers, staff_headers

PLACE = "/v1/templates/tier_up/en"
DRAFT = {"title": "Up to {{ tier_name }}", "body": "From {{ from_tier_name }}."}


@pytest.fixture
def staff(hearsay: Hearsay) -> dict[str, str]:
    return staff_headers(hearsay.clock, hearsay.program_id, ["templates"])


async def test_a_new_programme_has_the_house_s_words_at_once(
    client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    found = (await client.get("/v1/templates", headers=staff)).json()
    assert len(found) == 10
    assert {t["version"] for t in found} == {0}
    names = {v["name"] for t in found if t["cause"] == "tier_up" for v in t["variables"]}
    assert names == {"tier_name", "from_tier_name", "happened_on"}


async def test_words_that_staff_write_are_in_force_for_what_is_heard_next(
    hearsay: Hearsay, client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(hearsay.tiers(), member, hearsay.risen(member.member_id, "silver"))
    written = await client.put(PLACE, json=DRAFT, headers=staff)
    assert (written.status_code, written.json()["version"]) == (200, 1)
    assert written.json()["created_by"] == "staff-1"
    await hearsay.hear(hearsay.risen(member.member_id, "gold"))
    await hearsay.send()
    assert titles(await hearsay.messages()) == ["Welcome", "You are now Silver", "Up to Gold"]

    listed = (await client.get("/v1/templates", headers=staff)).json()
    assert [t["version"] for t in listed if (t["cause"], t["locale"]) == ("tier_up", "en")] == [1]


async def test_the_same_words_again_make_no_new_version(
    client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    versions = [
        (await client.put(PLACE, json=DRAFT, headers=staff)).json()["version"] for _ in range(3)
    ]
    assert versions == [1, 1, 1]


async def test_versions_are_kept_and_paged_down_to_the_house_s_own(
    client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    for number in range(3):
        await client.put(PLACE, json={**DRAFT, "title": f"Number {number}"}, headers=staff)
    seen: list[Any] = []
    before: int | None = None
    for size in (2, 2):
        query = {"limit": 2, **({} if before is None else {"before": before})}
        page = (await client.get(f"{PLACE}/versions", params=query, headers=staff)).json()
        assert len(page["versions"]) == size
        seen += [(v["version"], v["title"]) for v in page["versions"]]
        before = page["next_before"]
    assert before is None
    assert seen == [
        (3, "Number 2"),
        (2, "Number 1"),
        (1, "Number 0"),
        (0, "You are now {{ tier_name }}"),
    ]
    nothing = await client.get(f"{PLACE}/versions", params={"before": 0}, headers=staff)
    assert nothing.json() == {"versions": [], "next_before": None}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**DRAFT, "body": "{{ points }}"}, "template_variable_unknown"),
        ({**DRAFT, "body": "{{ tier_name"}, "template_malformed"),
        ({**DRAFT, "body": "{% for x in tier_name %}x{% endfor %}"}, "template_construct_refused"),
        ({**DRAFT, "body": " {# nothing #} "}, "template_blank"),
        ({**DRAFT, "title": ""}, "validation_failed"),
        ({**DRAFT, "title": "a\x00b"}, "validation_failed"),
        ({**DRAFT, "body": "a\x1bb"}, "validation_failed"),
        ({**DRAFT, "title": "x" * 201}, "validation_failed"),
        ({**DRAFT, "body": "x" * 4001}, "validation_failed"),
        ({**DRAFT, "body": 5}, "validation_failed"),
        ({**DRAFT, "colour": "red"}, "validation_failed"),
        ([], "validation_failed"),
        ("text", "validation_failed"),
    ],
)
async def test_words_that_could_go_wrong_are_refused_when_written(
    client: httpx.AsyncClient, staff: dict[str, str], body: Any, code: str
) -> None:
    answer = await client.put(PLACE, json=body, headers=staff)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await client.get(f"{PLACE}/versions", headers=staff)).json()["versions"][0][
        "version"
    ] == 0


async def test_a_half_character_is_refused(
    client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    raw = b'{"title": "x", "body": "\\ud800"}'
    headers = {**staff, "Content-Type": "application/json"}
    assert (await client.put(PLACE, content=raw, headers=headers)).status_code == 422


async def test_a_preview_shows_a_draft_with_examples_and_stores_nothing(
    client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    shown = await client.post(f"{PLACE}/preview", json={"draft": DRAFT}, headers=staff)
    assert shown.json() == {"title": "Up to Gold", "body": "From Silver."}
    listed = (await client.get(f"{PLACE}/versions", headers=staff)).json()
    assert [v["version"] for v in listed["versions"]] == [0]


async def test_a_preview_shows_any_version_with_given_variables(
    client: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    await client.put(PLACE, json=DRAFT, headers=staff)
    values = {"tier_name": "黑金", "from_tier_name": "Gold", "happened_on": "today"}
    shown = [
        (
            await client.post(
                f"{PLACE}/preview", json={"variables": values, **chosen}, headers=staff
            )
        ).json()["title"]
        for chosen in ({}, {"version": 1}, {"version": 0})
    ]
    assert shown == ["Up to 黑金", "Up to 黑金", "You are now 黑金"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"variables": {"tier_name": "Gold"}}, 422, "template_variable_missing"),
        (
            {"variables": {"tier_name": 5, "from_tier_name": "x", "happened_on": "y"}},
            422,
            "template_variable_wrong",
        ),
        ({"variables": {"tier_name": True}}, 422, "validation_failed"),
        ({"variables": {"Tier Name": "x"}}, 422, "validation_failed"),
        ({"variables": {f"v_{'a' * n}": "x" for n in range(21)}}, 422, "validation_failed"),
        ({"draft": {**DRAFT, "body": "{{ points }}"}}, 422, "template_variable_unknown"),
        ({"version": 7}, 404, "template_version_unknown"),
        ({"version": 2**31}, 422, "validation_failed"),
        ({"version": "1"}, 422, "validation_failed"),
    ],
)
async def test_a_preview_with_a_hole_is_refused(
    client: httpx.AsyncClient, staff: dict[str, str], body: Any, status: int, code: str
) -> None:
    answer = await client.post(f"{PLACE}/preview", json=body, headers=staff)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("place", ["/v1/templates/birthday/en", "/v1/templates/tier_up/fr"])
async def test_a_cause_or_a_language_that_is_not_ours_is_refused(
    client: httpx.AsyncClient, staff: dict[str, str], place: str
) -> None:
    assert (await client.put(place, json=DRAFT, headers=staff)).status_code == 422


async def test_templates_are_for_staff_with_the_role(
    hearsay: Hearsay, client: httpx.AsyncClient
) -> None:
    for headers in (
        staff_headers(hearsay.clock, hearsay.program_id, ["messages"]),
        member_headers(hearsay.clock, hearsay.program_id, hearsay.program_id),
    ):
        for method, place, body in (
            ("GET", "/v1/templates", None),
            ("GET", f"{PLACE}/versions", None),
            ("PUT", PLACE, DRAFT),
            ("POST", f"{PLACE}/preview", {}),
        ):
            answer = await client.request(method, place, json=body, headers=headers)
            assert answer.status_code == 403
