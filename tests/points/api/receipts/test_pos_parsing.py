"""Bad input over HTTP: each has its code, none is a 500, and nothing of it is stored."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.points.api.receipts.pos_models import SALE_EXAMPLE
from services.points.api.receipts.pos_parsing import Reader, read_one
from services.points.settings import PointsSettings
from shared.auth import derive_till_secret, till_headers
from tests.points.mall import POS, Mall, open_mall
from tests.points.samples import NOON, PROGRAM
from tests.support.service import DEPLOYMENT_KEY

TABLES = ("pos_transaction", "pos_conflict", "posting", "account", "member_number", "outbox")


@pytest.fixture
async def untouched(mall: Mall) -> AsyncIterator[Mall]:
    """A mall in which nothing may be stored by the test."""
    yield mall
    for table in TABLES:
        assert await mall.rows(f"SELECT 1 FROM {table} WHERE program_id = :p") == [], table


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def with_total(mall: Mall, literal: str) -> bytes:
    """A sale whose total is written as `literal`."""
    return (
        json.dumps(mall.sale(1)).replace('"total_minor": 1', f'"total_minor": {literal}').encode()
    )


NOT_MONEY = ["1.0", "1e0", "1.5", "true", '"1"', "null", "-1", "NaN", "Infinity", "1e400", "[]"]
HUGE = ["9" * 13, "9" * 19, "9" * 400]


@pytest.mark.parametrize("literal", [*NOT_MONEY, *HUGE], ids=lambda text: text[:20])
async def test_money_is_a_bounded_integer_and_nothing_like_one(
    untouched: Mall, literal: str
) -> None:
    answer = await untouched.push(with_total(untouched, literal))
    assert code_of(answer) == (422, "validation_failed")
    assert literal not in answer.text or len(literal) < 4
    [item] = json.loads(
        (
            await untouched.post_batch(
                b'{"transactions": [' + with_total(untouched, literal) + b"]}"
            )
        ).content
    )["results"]
    assert (item["result"], item["code"]) == ("rejected", "validation_failed")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"\x00" * 9,
        b'{"kind": "\xed\xa0\x80"}',
        b'{"kind": "\\ud800"}',
        b"[" * 100_000,
        b'{"total_minor": ' + b"9" * 10_000 + b"}",
    ],
    ids=["empty", "cut", "utf-16", "nul", "surrogate", "lone escape", "deep", "long number"],
)
@pytest.mark.parametrize("path", [POS, f"{POS}/batch"])
async def test_what_is_not_json_is_said_so(untouched: Mall, raw: bytes, path: str) -> None:
    push = untouched.push if path == POS else untouched.post_batch
    assert code_of(await push(raw)) in [(400, "body_not_json"), (422, "validation_failed")]


@pytest.mark.parametrize("raw", [b"null", b"1", b"[]", b'"text"', b"{}"])
async def test_json_of_another_shape_is_refused(untouched: Mall, raw: bytes) -> None:
    assert code_of(await untouched.push(raw)) == (422, "validation_failed")
    assert code_of(await untouched.post_batch(raw)) == (422, "validation_failed")


TEXTS = ["", "a\x00b", "\x1b[0m", "😀", "x" * 2_000, "R\n", "'; DROP TABLE posting; --", "Ａ"]


@pytest.mark.parametrize("name", ["till_id", "receipt_number", "currency", "member_number", "kind"])
async def test_odd_text_is_refused_without_an_echo(untouched: Mall, name: str) -> None:
    for text in TEXTS:
        answer = await untouched.push(untouched.sale(1, **{name: text}))
        assert code_of(answer) == (422, "validation_failed"), text
        assert not text or text not in answer.json()["errors"][0]["problem"]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_odd_categories_and_brands_are_refused(untouched: Mall, text: str) -> None:
    for name in ("category", "brand"):
        sale = untouched.sale(1)
        sale["lines"][0][name] = text
        assert code_of(await untouched.push(sale)) == (422, "validation_failed")


def at(**ago: float) -> str:
    """That long before noon, as a till writes it."""
    return (NOON - timedelta(**ago)).isoformat()


KEY = {"till_id": "T1", "receipt_number": "R0", "business_date": "2026-03-10"}
INVALID = "validation_failed"
# Name: (code, changed fields of the sale, changed fields of its first line).
WRONG: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "future": ("purchased_in_future", {"purchased_at": at(seconds=-301)}, {}),
    "ages ago": ("purchased_too_long_ago", {"purchased_at": at(days=401)}, {}),
    "first": (INVALID, {"purchased_at": "0001-01-01T00:00:00+14:00"}, {}),
    "last": (INVALID, {"purchased_at": "9999-12-31T23:59:59-14:00"}, {}),
    "last century": ("purchased_too_long_ago", {"purchased_at": "1970-01-01T00:00:00+14:00"}, {}),
    "next century": ("purchased_in_future", {"purchased_at": "2199-12-31T00:00:00Z"}, {}),
    "no zone": (INVALID, {"purchased_at": "2026-03-10T12:00:00"}, {}),
    "seconds": (INVALID, {"purchased_at": NOON.timestamp()}, {}),
    "other day": ("business_date_implausible", {"business_date": "2026-02-28"}, {}),
    "no day": (INVALID, {"business_date": "2026-02-30"}, {}),
    "other money": ("currency_mismatch", {"currency": "USD"}, {}),
    "total": ("total_mismatch", {"total_minor": 301}, {}),
    "tenders": ("tender_mismatch", {"tenders": [{"kind": "cash", "amount_minor": 299}]}, {}),
    "negative line": (INVALID, {}, {"amount_minor": -100}),
    "line twice": ("line_number_repeated", {}, {"line_number": 2}),
    "line zero": (INVALID, {}, {"line_number": 0}),
    "unknown field": (INVALID, {"surprise": 1}, {}),
    "no lines": (INVALID, {"lines": [], "total_minor": 0}, {}),
    "refund of nothing": ("original_missing", {"kind": "refund"}, {}),
    "sale of something": ("original_not_allowed", {"original": KEY}, {}),
    "member code": ("member_code_invalid", {"member_code": "A" * 52}, {}),
}


@pytest.mark.parametrize("name", WRONG)
async def test_each_thing_that_is_wrong_has_its_code(untouched: Mall, name: str) -> None:
    code, fields, line_fields = WRONG[name]
    sale = untouched.sale(100, 200)
    sale["lines"][0].update(line_fields)
    sale.update(fields)
    answer = await untouched.push(sale)
    assert code_of(answer) == (401 if code == "member_code_invalid" else 422, code)
    [item] = await untouched.push_batch([sale])
    assert (item["result"], item["code"]) == ("rejected", code)


async def test_501_lines_are_refused(untouched: Mall) -> None:
    assert code_of(await untouched.push(untouched.sale(*[0] * 501))) == (422, INVALID)


async def test_five_hundred_lines_are_taken(mall: Mall) -> None:
    member_id = await mall.enrol()
    answer = await mall.push(mall.sale(*[100] * 500, member_id=member_id))
    assert (answer.status_code, answer.json()["points"]) == (201, 500)


async def test_a_batch_has_one_to_a_thousand_items(untouched: Mall) -> None:
    assert code_of(await untouched.post_batch({"transactions": []})) == (422, "validation_failed")
    for item in (untouched.sale(1), 7):
        answer = await untouched.post_batch({"transactions": [item] * 1_001})
        assert code_of(answer) == (422, "batch_too_large")
        assert answer.json()["items_max"] == 1_000


async def test_a_body_over_the_limit_is_refused_with_and_without_its_length(
    mall: Mall, settings: PointsSettings
) -> None:
    small = settings.model_copy(update={"body_bytes_max": 2_000})
    async with open_mall(mall.engine, small, mall.clock) as tight:
        raw = json.dumps(tight.sale(*[1] * 100)).encode()
        assert code_of(await tight.push(raw)) == (413, "body_too_large")

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(raw), 500):
                yield raw[start : start + 500]

        headers = {"Content-Type": "application/json"}
        answer = await tight.client.post(POS, content=pieces(), headers=headers)
        assert code_of(answer) == (413, "body_too_large")
        assert await tight.books() == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "application/jsonx"])
async def test_another_content_type_is_refused(untouched: Mall, content_type: str) -> None:
    answer = await untouched.client.post(POS, content=b"{}", headers={"Content-Type": content_type})
    assert code_of(answer) == (415, "wrong_content_type")


def signed(mall: Mall, raw: bytes, seconds: int = 0, path: str = POS) -> dict[str, str]:
    """A till's headers, `seconds` away from now."""
    till = mall.till
    secret = derive_till_secret(DEPLOYMENT_KEY, till.program_id, till.shop_id, till.till_id, 1)
    stamp = int(mall.clock().timestamp()) + seconds
    headers = till_headers(secret, till, "m1", stamp, path, raw)
    return {**headers, "Content-Type": "application/json"}


async def test_a_missing_header_is_a_missing_signature(untouched: Mall) -> None:
    raw = json.dumps(untouched.sale(1)).encode()
    for name in ("Galleria-Till", "Galleria-Id", "Galleria-Timestamp", "Galleria-Signature"):
        headers = signed(untouched, raw)
        del headers[name]
        answer = await untouched.client.post(POS, content=raw, headers=headers)
        assert code_of(answer) == (401, "signature_missing")


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_a_stale_signature_is_told_the_servers_time(untouched: Mall, seconds: int) -> None:
    raw = json.dumps(untouched.sale(1)).encode()
    headers = signed(untouched, raw, seconds)
    answer = await untouched.client.post(POS, content=raw, headers=headers)
    assert code_of(answer) == (401, "signature_stale")
    assert answer.json()["server_time"] == int(untouched.clock().timestamp())


async def test_a_signature_is_for_one_body_one_path_and_one_till(untouched: Mall) -> None:
    raw, other = (json.dumps(untouched.sale(1)).encode() for _ in range(2))
    headers = signed(untouched, raw)
    wrong = [
        (POS, other, headers),
        (f"{POS}/batch", raw, headers),
        (POS, raw, {**headers, "Galleria-Id": "m2"}),
        (POS, raw, {**headers, "Galleria-Timestamp": "1"}),
        (POS, raw, {**headers, "Galleria-Till": headers["Galleria-Till"].replace("T1", "T2")}),
    ]
    for path, content, sent in wrong:
        answer = await untouched.client.post(path, content=content, headers=sent)
        assert code_of(answer) == (401, "signature_invalid")


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe\x80", b"\x01\x02", b"a/b/c/d", b"1e9", b"", "é".encode()]
)
async def test_binary_junk_in_headers_is_401(untouched: Mall, junk: bytes) -> None:
    raw = json.dumps(untouched.sale(1)).encode()
    for name in ("Galleria-Till", "Galleria-Id", "Galleria-Timestamp", "Galleria-Signature"):
        headers: dict[Any, Any] = {**signed(untouched, raw), name: junk}
        headers |= {"X-Correlation-Id": junk, "Traceparent": junk}
        answer = await untouched.client.post(POS, content=raw, headers=headers)
        assert code_of(answer)[0] == 401, answer.text


async def test_a_repeated_name_in_the_json_counts_by_its_last_value_like_everywhere(
    mall: Mall,
) -> None:
    raw = json.dumps(mall.sale(100)).replace('"currency"', '"currency": "USD", "currency"')
    assert (await mall.push(raw.encode())).status_code == 201


def test_a_receipt_without_newer_fields_has_the_content_it_always_had() -> None:
    """A till that sends again what it sent before newer fields existed must find its receipt."""
    reader = Reader(PROGRAM, DEPLOYMENT_KEY, 1)
    receipt = read_one(reader, json.dumps(SALE_EXAMPLE).encode())
    assert receipt.content == (
        '{"kind":"sale","shop_id":"0199f3a2-0000-7000-8000-000000000001","till_id":"T1",'
        '"receipt_number":"R-10001","business_date":"2026-03-10",'
        '"purchased_at":"2026-03-10T19:30:00+08:00","currency":"CNY","total_minor":19900,'
        '"lines":[{"line_number":1,"category":"grocery","quantity":1,"amount_minor":19900,'
        '"discount_minor":0}],"tenders":[{"kind":"mobile","amount_minor":19900}],'
        '"member_number":"612345678904"}'
    )
