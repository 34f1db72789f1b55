"""Every refusal is a problem document with a stable code, and never repeats what was sent."""

import logging
from typing import Any, Self

import httpx
import pytest
from pydantic import BaseModel, ValidationError, model_validator

from shared.http.problems import field_problems

SECRET = "13800138000"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rejected", 422, "bell_cracked"),
        ("not_found", 404, "not_found"),
        ("conflict", 409, "conflict"),
        ("forbidden", 403, "forbidden"),
        ("unauthenticated", 401, "unauthenticated"),
        ("unavailable", 503, "unavailable"),
    ],
)
async def test_every_category_has_its_status(
    client: httpx.AsyncClient, kind: str, status: int, code: str
) -> None:
    answer = await client.get(f"/v1/refusals/{kind}")
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["type"]) == (code, f"urn:galleria:problem:{code}")
    assert problem["correlation_id"] == answer.headers["x-correlation-id"]


async def test_facts_of_a_refusal_are_members_and_empty_ones_are_left_out(
    client: httpx.AsyncClient,
) -> None:
    problem = (await client.get("/v1/refusals/rejected")).json()
    assert problem["shortfall"] == 3
    assert "nothing" not in problem


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_route"),
        ("GET", "/v1/me/", 404, "no_such_route"),
        ("GET", "/docs/assets/none.js", 404, "no_such_route"),
        ("DELETE", "/v1/orders", 405, "method_not_allowed"),
        ("BREW", "/v1/orders", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "order",
    [
        {"amount": True},
        {"amount": "12"},
        {"amount": 1.0},
        {"amount": 10**13},
        {"amount": None},
        {},
        {"amount": 1, "name": ""},
        {"amount": 1, "name": "a\x00b"},
        {"amount": 1, "name": SECRET + "\n"},
        {"amount": 1, "id": SECRET},
        {"amount": 1, "at": SECRET + "x"},
        {"amount": 1, "zone": SECRET},
        {"amount": 1, "fruit": {"kind": SECRET}},
        {"amount": 1, "fruit": SECRET},
        {"amount": 1, SECRET: 1},
        {"amount": 1, "Secret " + SECRET: 1},
        {"amount": {SECRET: SECRET}},
        [SECRET],
        SECRET,
    ],
    ids=lambda order: str(order)[:40].encode("unicode_escape").decode(),
)
async def test_what_breaks_the_schema_is_a_422_that_never_echoes(
    client: httpx.AsyncClient, order: Any
) -> None:
    answer = await client.post("/v1/orders", json=order)
    raw = await client.post("/v1/raw-orders", json=[order])
    for each in (answer, raw):
        assert each.status_code == 422
        assert each.json()["code"] == "validation_failed"
        assert SECRET not in each.text


class Waiting(BaseModel):
    """What breaks a rule over several fields, which the refusal names."""

    mode: str
    days: int | None = None

    @model_validator(mode="after")
    def _says_until_when(self) -> Self:
        raise ValueError(f"Give what the mode needs, not {self.mode}.")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("for", "Value error, Give what the mode needs, not for."),
        (SECRET, "The value is not acceptable"),
    ],
)
def test_a_refusal_names_the_fields_that_its_rule_is_about_and_not_what_was_sent(
    mode: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Waiting.model_validate({"mode": mode})
    assert [found["problem"] for found in field_problems(refused.value.errors())] == [said]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b"\xff\xfe", 400),
        (b"[" * 1_900, 400),
        (b'{"amount": ' + b"9" * 1_900 + b"}", 422),
        (b'{"amount": NaN}', 422),
        (b'{"amount": -Infinity}', 422),
        (b'{"amount": 1e400}', 422),
        (b'{"amount": 1, "name": "\\ud800"}', 422),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_bytes_that_are_hardly_json_are_refused(
    client: httpx.AsyncClient, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/v1/orders", content=body, headers=headers)
    assert answer.status_code == status
    raw = await client.post("/v1/raw-orders", content=b"[" + body + b"]", headers=headers)
    assert raw.status_code in {200, 400, 422}
    assert (raw.status_code == 200) == (body == b"")


@pytest.mark.parametrize(
    "query",
    [
        "?name=%00",
        "?name=%ff%00",
        f"?name=a&number={2**63}",
        "?number=x",
        f"?name=a&number={SECRET}x",
    ],
)
async def test_values_that_the_database_cannot_hold_are_a_422(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get("/v1/names" + query)
    assert answer.status_code == 422
    assert SECRET not in answer.text


@pytest.mark.parametrize("query", ["?name=%ff%fe", "?name=%ed%a0%80", "?name=a&other=%00&=&&"])
async def test_other_odd_queries_are_text(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get("/v1/names" + query)).status_code == 200


async def test_what_nobody_foresaw_is_a_500_without_details(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    answer = await client.get("/v1/broken/x")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert SECRET not in answer.text


async def test_the_document_describes_problems_as_they_are_sent(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    responses = document["paths"]["/v1/orders"]["post"]["responses"]
    assert set(responses) >= {"200", "400", "401", "404", "409", "413", "415", "422", "503"}
    assert responses["422"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
