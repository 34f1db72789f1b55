"""Signatures of tills."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from shared.auth import (
    SignatureInvalid,
    SignatureMissing,
    SignatureStale,
    SignedRequest,
    Till,
    derive_till_secret,
    till_headers,
    verify_till,
)
from tests.support.frame import OTHER_PROGRAM, PROGRAM

KEY = "a deployment key that is long enough"
TILL = Till(PROGRAM, UUID(int=7), "till-1", 2)
PATH = "/v1/pos/transactions"


def _request(body: bytes = b"{}", at: int = 1_000, till: Till = TILL) -> SignedRequest:
    secret = derive_till_secret(KEY, till.program_id, till.shop_id, till.till_id, till.key_version)
    headers = till_headers(secret, till, "m-1", at, PATH, body)
    return SignedRequest("POST", PATH, body, {k.lower(): v for k, v in headers.items()})


@pytest.mark.parametrize("now", [700, 1_000, 1_300])
def test_a_good_signature_names_its_till_within_five_minutes(now: int) -> None:
    assert verify_till(KEY, _request(), now, 300) == TILL


@pytest.mark.parametrize("now", [699, 1_301])
def test_an_old_or_future_timestamp_is_stale_and_tells_the_time(now: int) -> None:
    with pytest.raises(SignatureStale) as caught:
        verify_till(KEY, _request(), now, 300)
    assert caught.value.facts == {"server_time": now}


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"path": "/v1/other"},
        {"path": "\ud800"},
        {"body": b"{ }"},
        {"body": b"\xff"},
    ],
    ids=str,
)
def test_a_signature_covers_the_whole_request(changed: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        verify_till(KEY, replace(_request(), **changed), 1_000, 300)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("galleria-id", "m-2"),
        ("galleria-timestamp", "1001"),
        ("galleria-timestamp", "١٠٠٠"),
        ("galleria-signature", "v1=" + "0" * 64),
        ("galleria-signature", "ÿ"),
        ("galleria-till", "x"),
        ("galleria-till", f"{PROGRAM}/{UUID(int=8)}/till-1/2"),
        ("galleria-till", f"{OTHER_PROGRAM}/{UUID(int=7)}/till-1/2"),
        ("galleria-till", f"{PROGRAM}/{UUID(int=7)}/till-1/3"),
        ("galleria-till", f"{PROGRAM}/{UUID(int=7)}/till-1/02"),
    ],
)
def test_a_changed_header_never_passes(name: str, value: str) -> None:
    request = _request()
    with pytest.raises(SignatureInvalid):
        verify_till(KEY, replace(request, headers={**request.headers, name: value}), 1_000, 300)


@pytest.mark.parametrize("name", ["till", "id", "timestamp", "signature"])
def test_all_four_headers_are_needed(name: str) -> None:
    request = _request()
    headers = {k: v for k, v in request.headers.items() if k != f"galleria-{name}"}
    with pytest.raises(SignatureMissing):
        verify_till(KEY, replace(request, headers=headers), 1_000, 300)


def test_a_secret_is_another_for_each_till_version_and_deployment() -> None:
    made = {
        derive_till_secret(key, PROGRAM, shop, till, version)
        for key in (KEY, KEY + "2")
        for shop in (UUID(int=1), UUID(int=2))
        for till in ("1", "2")
        for version in (1, 2)
    }
    assert len(made) == 16
    assert {len(secret) for secret in made} == {64}
