"""Access tokens: whose they are, until when, by which key."""

import asyncio
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from shared.auth import (
    AUDIENCE,
    KeysUnavailable,
    Member,
    RevocationsUnavailable,
    Service,
    Staff,
    TokenInvalid,
    TokenLivesTooLong,
    TokenRevoked,
    TokenVerifier,
    fetch_keys_from,
    principal_of,
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
        {"iat": None},
        {"iat": "x"},
        {"iat": float("nan")},
        {"iat": 9_999_999_999, "exp": 9_999_999_999},
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


@pytest.mark.parametrize("seconds", [901, 86_400, float("inf")])
async def test_a_token_that_lives_longer_than_is_allowed_is_refused_whoever_issued_it(
    provider: Provider, clock: HandClock, seconds: float
) -> None:
    now = int(clock().timestamp())
    with pytest.raises(TokenLivesTooLong) as refused:
        await provider.verifier().principal(provider.token(exp=now + seconds))
    assert refused.value.facts == {"token_seconds_max": 900}
    local = TokenVerifier(provider.fetch, ISSUER, clock, seconds_max=86_400)
    assert await local.principal(provider.token(exp=now + 86_400))


async def test_an_issuers_clock_may_be_a_little_ahead(provider: Provider, clock: HandClock) -> None:
    soon = int(clock().timestamp()) + 30
    assert await provider.verifier().principal(provider.token(iat=soon, exp=soon + 900))


async def test_a_revoked_subject_is_refused_though_it_was_good_and_may_come_back_with_a_new_token(
    provider: Provider, clock: HandClock
) -> None:
    verifier, token = provider.verifier(), provider.token()
    await verifier.principal(token)
    verifier.put_revoked({(PROGRAM, "subject", "staff-1"): clock().timestamp() + 0.5})
    with pytest.raises(TokenRevoked):
        await verifier.principal(token)
    assert await verifier.principal(provider.token(sub="staff-2"))
    clock.advance(seconds=1)
    assert await verifier.principal(provider.token())


async def test_a_revoked_member_is_found_however_the_token_spells_the_id(
    provider: Provider, clock: HandClock
) -> None:
    verifier, member = provider.verifier(), new_id()
    verifier.put_revoked({(PROGRAM, "subject", str(member)): clock().timestamp()})
    with pytest.raises(TokenRevoked):
        await verifier.principal(provider.token(knd="member", sub=str(member).upper()))


async def test_with_a_front_end_the_tokens_of_its_members_are_revoked(
    provider: Provider, clock: HandClock
) -> None:
    verifier = provider.verifier()
    verifier.put_revoked({(PROGRAM, "subject", "front-1"): clock().timestamp()})
    member = {"knd": "member", "sub": str(new_id())}
    with pytest.raises(TokenRevoked):
        await verifier.principal(provider.token(**member, azp="front-1"))
    assert await verifier.principal(provider.token(**member, azp="front-2"))
    assert await verifier.principal(provider.token(**member))


async def test_one_token_is_revoked_and_its_holders_others_are_not(
    provider: Provider, clock: HandClock
) -> None:
    verifier = provider.verifier()
    verifier.put_revoked({(PROGRAM, "token", "t-1"): clock().timestamp()})
    with pytest.raises(TokenRevoked):
        await verifier.principal(provider.token(jti="t-1"))
    assert await verifier.principal(provider.token(jti="t-2"))
    verifier.put_revoked({(PROGRAM, "token", "None"): clock().timestamp()})
    assert await verifier.principal(provider.token())
    assert await verifier.principal(provider.token(jti="t-1", prg=str(OTHER_PROGRAM)))


async def test_until_it_is_known_what_is_revoked_no_token_is_good(provider: Provider) -> None:
    verifier = provider.verifier()
    verifier.put_revoked(None)
    with pytest.raises(RevocationsUnavailable):
        await verifier.principal(provider.token())
    verifier.put_revoked({})
    assert await verifier.principal(provider.token())


def test_scopes_of_staff_are_read() -> None:
    mall = new_id()
    claims = {"prg": str(PROGRAM), "sub": "s", "knd": "staff", "rol": [], "mal": [str(mall)]}
    assert principal_of(claims) == Staff(PROGRAM, "s", frozenset(), frozenset({mall}), None)
    member = new_id()
    claims = {"prg": str(PROGRAM), "sub": str(member), "knd": "member"}
    assert principal_of(claims) == Member(PROGRAM, member)
