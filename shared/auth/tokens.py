"""Members, staff and services carry a short JWT.

Keys come from a JWKS address, are cached and read again when a token names one that is not known.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import jwt

from shared.auth.principals import Member, Service, Staff
from shared.auth.revocations import Revoked
from shared.clock import Clock, monotonic_seconds
from shared.errors import Unauthenticated, Unavailable

AUDIENCE = "galleria"
_TOKEN_CACHE_MAX = 20_000
_JWKS_REREAD_SECONDS_MIN = 5.0
_ISSUER_SKEW_SECONDS_MAX = 60
# Ours are ES256; an OIDC provider may prefer another. Never a symmetric one: the key is public.
_ALGORITHMS = frozenset({"ES256", "ES384", "RS256", "PS256", "EdDSA"})


class TokenMissing(Unauthenticated):
    """The request carries no bearer token."""


class TokenInvalid(Unauthenticated):
    """The token is malformed, expired, or signed by somebody else."""


class TokenLivesTooLong(Unauthenticated):
    """The token is good for longer than this deployment allows, whoever issued it."""


class TokenRevoked(Unauthenticated):
    """The token would still live, but it was revoked, or its holder was."""


class KeysUnavailable(Unavailable):
    """The keys that tokens are checked with could not be read. Try again."""


class RevocationsUnavailable(Unavailable):
    """Which tokens are revoked has not been read yet. Try again."""


FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]


def fetch_keys_from(jwks_url: str) -> FetchKeys:
    """Reads the JWKS document at `jwks_url`: the one call that a service makes to another."""

    async def fetch() -> Mapping[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
                answer = await client.get(jwks_url)
                answer.raise_for_status()
                document: Mapping[str, Any] = answer.json()
                return document
        except (httpx.HTTPError, ValueError) as error:
            raise KeysUnavailable("The token keys cannot be read right now.") from error

    return fetch


class TokenVerifier:
    """Checks access tokens. State: the keys last read, tokens already found good, and what is
    revoked.

    Keys are read at most once in `reread_seconds_min`, whatever key ids callers make up. A token
    that is good for more than `seconds_max` is refused: it could not be revoked for so long.
    """

    def __init__(
        self,
        fetch_keys: FetchKeys,
        issuer: str,
        clock: Clock,
        *,
        seconds_max: int = 900,
        reread_seconds_min: float = _JWKS_REREAD_SECONDS_MIN,
    ) -> None:
        self._fetch_keys = fetch_keys
        self._issuer = issuer
        self._clock = clock
        self._seconds_max = seconds_max
        self._reread_seconds_min = reread_seconds_min
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at: float | None = None
        self._read_failed = False
        self._reading = asyncio.Lock()
        self._good: dict[str, tuple[float, Member | Staff | Service]] = {}
        self._revoked: Revoked | None = {}

    def put_revoked(self, revoked: Revoked | None) -> None:
        """Refuse these from now on, and only these; None refuses all until it is known."""
        if revoked != self._revoked:
            self._revoked = revoked
            # Each is looked at again, so that the next request costs no more than the others.
            self._good.clear()

    async def principal(self, token: str) -> Member | Staff | Service:
        """Who the token speaks for.

        Raises `TokenInvalid`, `TokenLivesTooLong`, `TokenRevoked`, `KeysUnavailable` and
        `RevocationsUnavailable`.
        """
        now = self._clock().timestamp()
        known = self._good.get(token)
        if known is not None and known[0] > now:
            return known[1]
        claims = await self._claims(token, now)
        who = principal_of(claims)
        # Nothing may be awaited between this and the next lines: a revocation would be missed.
        self._refuse_revoked(who, claims)
        if len(self._good) >= _TOKEN_CACHE_MAX:
            self._good.clear()
        self._good[token] = (float(claims["exp"]), who)
        return who

    async def _claims(self, token: str, now: float) -> dict[str, Any]:
        try:
            kid = str(jwt.get_unverified_header(token).get("kid"))
            key = await self._key(kid)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=AUDIENCE,
                issuer=self._issuer,
                options={
                    "require": ["exp", "iat", "sub"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, UnicodeError, ValueError, TypeError) as error:
            raise TokenInvalid("The access token is not valid. Get a new one.") from error
        if not isinstance(claims["exp"], int | float) or not claims["exp"] > now:
            raise TokenInvalid("The access token has expired. Get a new one.")
        self._refuse_long(claims["iat"], claims["exp"], now)
        return claims

    def _refuse_long(self, issued_at: Any, expires_at: float, now: float) -> None:
        if not isinstance(issued_at, int | float) or not (
            issued_at <= now + _ISSUER_SKEW_SECONDS_MAX
        ):
            raise TokenInvalid("The access token does not say when it was issued, or says later.")
        if expires_at - issued_at > self._seconds_max:
            raise TokenLivesTooLong(
                f"An access token may live for {self._seconds_max} seconds here. Have its issuer "
                "give shorter ones, and get a new one before each ends.",
                token_seconds_max=self._seconds_max,
            )

    def _refuse_revoked(self, who: Member | Staff | Service, claims: Mapping[str, Any]) -> None:
        if self._revoked is None:
            raise RevocationsUnavailable("Which tokens are revoked is not known yet. Try again.")
        subject = str(who.member_id) if isinstance(who, Member) else who.subject
        # A front end that was revoked vouches for none of its members any more (`azp`).
        named = (("subject", subject), ("subject", claims.get("azp")), ("token", claims.get("jti")))
        for by, value in named:
            if value is None:
                continue
            until = self._revoked.get((who.program_id, by, str(value)))
            # Tokens tell whole seconds, so one of the same second counts as issued before.
            if until is not None and claims["iat"] <= until:
                raise TokenRevoked("The access token was revoked. Get a new one, if you may.")

    async def _key(self, kid: str) -> jwt.PyJWK:
        if kid not in self._keys:
            async with self._reading:
                if kid not in self._keys:
                    await self._read_again()
        if kid not in self._keys:
            raise TokenInvalid("The access token names a key that is not known.")
        return self._keys[kid]

    async def _read_again(self) -> None:
        now = monotonic_seconds()
        if self._read_at is not None and now - self._read_at < self._reread_seconds_min:
            if self._read_failed:
                raise KeysUnavailable("The token keys cannot be read right now.")
            return
        self._read_at, self._read_failed = now, True
        document = await self._fetch_keys()
        self._keys, self._read_failed = dict(_usable_keys(document)), False


def _usable_keys(document: Mapping[str, Any]) -> Iterator[tuple[str, jwt.PyJWK]]:
    """The keys that may check a signature; a provider's set may hold others beside them."""
    for entry in document.get("keys", ()):
        try:
            key = jwt.PyJWK(entry)
        except jwt.PyJWTError:
            continue
        if key.key_id is not None and key.algorithm_name in _ALGORITHMS:
            yield key.key_id, key


def principal_of(claims: Mapping[str, Any]) -> Member | Staff | Service:
    """The principal that checked claims describe. Raises `TokenInvalid`."""
    try:
        program_id, subject = UUID(claims["prg"]), str(claims["sub"])
        match claims["knd"]:
            case "member":
                return Member(program_id, UUID(subject))
            case "staff":
                return Staff(
                    program_id,
                    subject,
                    frozenset(claims["rol"]),
                    _ids(claims.get("mal")),
                    _ids(claims.get("shp")),
                )
            case "service":
                return Service(program_id, subject, frozenset(claims["rol"]))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise TokenInvalid("The access token lacks what it must say.") from error
    raise TokenInvalid("The access token is of an unknown kind.")


def _ids(values: Any) -> frozenset[UUID] | None:
    return None if values is None else frozenset(UUID(value) for value in values)
