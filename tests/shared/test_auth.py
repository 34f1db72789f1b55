"""Tokens, tills' signatures and members' codes."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from shared.auth import (
    AUDIENCE,
    KeysUnavailable,
    Member,
    MemberCodeInvalid,
    RoleMissing,
    Service,
    SignatureInvalid,
    SignatureMissing,
    SignatureStale,
    SignedRequest,
    Staff,
    Till,
    TokenInvalid,
    TokenVerifier,
    derive_till_secret,
    fetch_keys_from,
    make_member_code,
    principal_of,
    read_member_code,
    require_role,
    till_headers,
    verify_till,
)
from shared.ids import new_id
from tests.support.clock import HandClock
from tests.support.frame import OTHER_PROGRAM, PROGRAM

ISSUER = "galleria"
KEY = "a deployment key that is long enough"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


class Provider:
    """A token endpoint and its key set."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.keys: dict[str, tuple[Any, str]] = {"k1": (EC_KEY, "ES256")}
        self.others: list[Any] = []
        self.reads = 0
        self.is_down = False

    async def fetch(self) -> Mapping[str, Any]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.is_down:
            raise KeysUnavailable("down")
        made = []
        for kid, (key, algorithm) in self.keys.items():
            kind = (
                jwt.algorithms.RSAAlgorithm if algorithm[0] == "R" else jwt.algorithms.ECAlgorithm
            )
            jwk = kind.to_jwk(key.public_key(), as_dict=True)
            made.append({**jwk, "kid": kid, "alg": algorithm})
        return {"keys": [*self.others, *made]}

    def token(self, kid: str = "k1", sign: tuple[Any, str] | None = None, **changed: Any) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "staff-1",
            "iat": now,
            "exp": now + 900,
            "prg": str(PROGRAM),
            "knd": "staff",
            "rol": ["points"],
            **changed,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key, algorithm = sign or self.keys[kid]
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})

    def verifier(self, reread_seconds_min: float = 3_600) -> TokenVerifier:
        return TokenVerifier(self.fetch, ISSUER, self.clock, reread_seconds_min=reread_seconds_min)


@pytest.fixture
def provider(clock: HandClock) -> Provider:
    return Provider(clock)


async def test_a_good_token_names_its_principal(provider: Provider) -> None:
    who = await provider.verifier().principal(provider.token())
    assert who == Staff(PROGRAM, "staff-1", frozenset({"points"}))


async def test_keys_are_read_once_for_many_at_the_same_time(provider: Provider) -> None:
    verifier = provider.verifier()
    await asyncio.gather(*(verifier.principal(provider.token(sub=str(n))) for n in range(20)))
    assert provider.reads == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another"},
        {"iss": "another"},
        {"exp": None},
        {"sub": None},
        {"exp": 1},
        {"exp": "9999999999x"},
        {"exp": float("nan")},
        {"knd": "king"},
        {"knd": None},
        {"prg": 5},
        {"prg": "x"},
        {"rol": 5},
        {"mal": [5]},
        {"sub": "no uuid", "knd": "member"},
    ],
    ids=str,
)
async def test_a_token_that_says_the_wrong_thing_is_invalid(
    provider: Provider, changed: dict[str, Any]
) -> None:
    with pytest.raises(TokenInvalid):
        await provider.verifier().principal(provider.token(**changed))


async def test_a_token_is_good_until_it_expires_though_it_was_good_before(
    provider: Provider, clock: HandClock
) -> None:
    verifier, token = provider.verifier(), provider.token()
    await verifier.principal(token)
    clock.advance(seconds=899)
    await verifier.principal(token)
    clock.advance(seconds=1)
    with pytest.raises(TokenInvalid):
        await verifier.principal(token)


async def test_a_signature_by_another_key_or_by_none_is_refused(provider: Provider) -> None:
    x = (await provider.fetch())["keys"][0]["x"]
    stranger = ec.generate_private_key(ec.SECP256R1())
    unsigned = jwt.encode({"sub": "a"}, None, algorithm="none", headers={"kid": "k1"})
    symmetric = provider.token(sign=(x, "HS256"))
    swapped = provider.token(sign=(RSA_KEY, "RS256"))
    strangers = provider.token(sign=(stranger, "ES256"))
    for token in (unsigned, symmetric, swapped, strangers):
        with pytest.raises(TokenInvalid):
            await provider.verifier().principal(token)


async def test_the_keys_of_an_oidc_provider_are_good_beside_unusable_ones(
    provider: Provider,
) -> None:
    provider.others = [{"kty": "oct", "k": "AAAA", "kid": "k1"}, {"kty": "?"}, {"kid": "x"}]
    provider.keys["r1"] = (RSA_KEY, "RS256")
    who = await provider.verifier().principal(provider.token("r1", knd="service"))
    assert who == Service(PROGRAM, "staff-1", frozenset({"points"}))


async def test_an_unknown_key_id_has_the_keys_read_again(provider: Provider) -> None:
    verifier = provider.verifier(reread_seconds_min=0)
    await verifier.principal(provider.token())
    provider.keys["k2"] = (ec.generate_private_key(ec.SECP256R1()), "ES256")
    await verifier.principal(provider.token("k2"))
    assert provider.reads == 2


async def test_made_up_key_ids_do_not_have_the_keys_read_each_time(provider: Provider) -> None:
    verifier = provider.verifier()
    for n in range(5):
        with pytest.raises(TokenInvalid):
            await verifier.principal(provider.token(f"made-up-{n}", provider.keys["k1"]))
    assert provider.reads == 1


async def test_keys_that_cannot_be_read_are_no_fault_of_the_caller(provider: Provider) -> None:
    provider.is_down = True
    verifier = provider.verifier()
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            await verifier.principal(provider.token())
    assert provider.reads == 1
    with pytest.raises(KeysUnavailable):
        await fetch_keys_from("http://127.0.0.1:1/jwks")()


@pytest.mark.parametrize("junk", ["", "a", "a.b.c", "é.ü.x", "\ud800", "." * 5_000, "e30.e30."])
async def test_junk_is_an_invalid_token(provider: Provider, junk: str) -> None:
    with pytest.raises(TokenInvalid):
        await provider.verifier().principal(junk)


def test_scopes_of_staff_are_read() -> None:
    mall = new_id()
    claims = {"prg": str(PROGRAM), "sub": "s", "knd": "staff", "rol": [], "mal": [str(mall)]}
    assert principal_of(claims) == Staff(PROGRAM, "s", frozenset(), frozenset({mall}), None)
    member = new_id()
    claims = {"prg": str(PROGRAM), "sub": str(member), "knd": "member"}
    assert principal_of(claims) == Member(PROGRAM, member)


def test_a_role_is_needed_and_an_administrator_has_all() -> None:
    who = Staff(PROGRAM, "s", frozenset({"points"}))
    require_role(who, "points")
    require_role(replace(who, roles=frozenset({"admin"})), "anything")
    with pytest.raises(RoleMissing):
        require_role(who, "marketing")


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


MEMBER = new_id()


def test_a_members_code_stands_for_the_member_until_it_expires() -> None:
    code = make_member_code(KEY, PROGRAM, MEMBER, 1_000)
    assert (len(code), code.isalnum()) == (52, True)
    assert read_member_code(KEY, PROGRAM, code, 1_000) == MEMBER
    with pytest.raises(MemberCodeInvalid, match="expired"):
        read_member_code(KEY, PROGRAM, code, 1_001)


def test_a_code_of_another_programme_or_deployment_is_not_ours() -> None:
    code = make_member_code(KEY, PROGRAM, MEMBER, 1_000)
    for key, program_id in ((KEY, OTHER_PROGRAM), (KEY + "2", PROGRAM)):
        with pytest.raises(MemberCodeInvalid):
            read_member_code(key, program_id, code, 1)


def test_a_changed_or_junk_code_is_not_ours() -> None:
    code = make_member_code(KEY, PROGRAM, MEMBER, 1_000)
    raw = bytearray(base64.b32decode(code + "===="))
    changed = []
    for place in range(len(raw)):
        raw[place] ^= 1
        changed.append(base64.b32encode(raw).decode().rstrip("="))
        raw[place] ^= 1
    junk = ["", "=", "A", "é" * 52, "\ud800", "A" * 52, "1" * 52, code + "AA", "\x00" * 52]
    for each in [*changed, *junk, code[:-2]]:
        with pytest.raises(MemberCodeInvalid):
            read_member_code(KEY, PROGRAM, each, 1)
