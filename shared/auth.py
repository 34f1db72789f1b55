"""Who is calling. Every endpoint names its principal as a type; a test walks the routes.

Members, staff and services carry a short JWT; keys come from a JWKS address, are cached and read
again when a token names one that is not known. Tills sign each request (docs/tills.md).
"""

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import httpx
import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.clock import Clock, monotonic_seconds
from shared.errors import Forbidden, Unauthenticated, Unavailable

AUDIENCE = "galleria"
_TOKEN_CACHE_MAX = 20_000
_JWKS_REREAD_SECONDS_MIN = 5.0
# Ours are ES256; an OIDC provider may prefer another. Never a symmetric one: the key is public.
_ALGORITHMS = frozenset({"ES256", "ES384", "RS256", "PS256", "EdDSA"})


@dataclass(frozen=True, slots=True)
class Anyone:
    """Nobody in particular: health, metrics, documents."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member, through a front end."""

    program_id: UUID
    member_id: UUID


@dataclass(frozen=True, slots=True)
class Staff:
    """A person of the mall group, or a system acting with a staff client.

    `mall_ids` and `shop_ids` narrow what they may touch; None means the whole programme.
    """

    program_id: UUID
    subject: str
    roles: frozenset[str]
    mall_ids: frozenset[UUID] | None = None
    shop_ids: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """Another system: a trusted front end, a monitor."""

    program_id: UUID
    subject: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Till:
    """A till that signed this very request."""

    program_id: UUID
    shop_id: UUID
    till_id: str
    key_version: int


class TokenMissing(Unauthenticated):
    """The request carries no bearer token."""


class TokenInvalid(Unauthenticated):
    """The token is malformed, expired, or signed by somebody else."""


class SignatureMissing(Unauthenticated):
    """A till's request must carry the four Galleria headers."""


class SignatureInvalid(Unauthenticated):
    """The signature does not fit the request."""


class SignatureStale(Unauthenticated):
    """The till's clock is too far from ours; the answer names our time."""


class RoleMissing(Forbidden):
    """The caller's roles do not include the one that this needs."""


class WrongPrincipal(Forbidden):
    """The token is good, but not of the kind that this endpoint serves."""


class KeysUnavailable(Unavailable):
    """The keys that tokens are checked with could not be read. Try again."""


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
    """Checks access tokens. State: the keys last read, and tokens already found good.

    Keys are read at most once in `reread_seconds_min`, whatever key ids callers make up.
    """

    def __init__(
        self,
        fetch_keys: FetchKeys,
        issuer: str,
        clock: Clock,
        *,
        reread_seconds_min: float = _JWKS_REREAD_SECONDS_MIN,
    ) -> None:
        self._fetch_keys = fetch_keys
        self._issuer = issuer
        self._clock = clock
        self._reread_seconds_min = reread_seconds_min
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at: float | None = None
        self._read_failed = False
        self._reading = asyncio.Lock()
        self._good: dict[str, tuple[float, Member | Staff | Service]] = {}

    async def principal(self, token: str) -> Member | Staff | Service:
        """Who the token speaks for. Raises `TokenInvalid` or `KeysUnavailable`."""
        now = self._clock().timestamp()
        known = self._good.get(token)
        if known is not None and known[0] > now:
            return known[1]
        claims = await self._claims(token, now)
        who = principal_of(claims)
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
        return claims

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


def require_role(who: Staff | Service, role: str) -> None:
    """Raise `RoleMissing` unless the caller has the role, or is an administrator."""
    if role not in who.roles and "admin" not in who.roles:
        raise RoleMissing(f"This needs the role {role!r}.", role=role)


@lru_cache(maxsize=50_000)
def derive_till_secret(
    deployment_key: str, program_id: UUID, shop_id: UUID, till_id: str, key_version: int
) -> str:
    """The secret of one version of one till's key, 64 hex digits (HKDF-SHA256, RFC 5869)."""
    info = f"galleria till 1|{program_id}|{shop_id}|{till_id}|{key_version}"
    return derive_key(deployment_key, info).hex()


def derive_key(deployment_key: str, info: str) -> bytes:
    """32 bytes that only holders of the deployment key can make, one for each `info`."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info.encode()).derive(
        deployment_key.encode()
    )


TILL_HEADER = "galleria-till"
ID_HEADER = "galleria-id"
TIMESTAMP_HEADER = "galleria-timestamp"
SIGNATURE_HEADER = "galleria-signature"

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TILL = re.compile(rf"({_UUID})/({_UUID})/([A-Za-z0-9_-]{{1,32}})/([1-9][0-9]{{0,5}})")


def sign_request(
    secret: str, message_id: str, timestamp: int, method: str, path: str, body: bytes
) -> str:
    """The value of `Galleria-Signature`: `v1=` and 64 hex digits."""
    signed = f"{message_id}.{timestamp}.{method} {path}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def till_headers(
    secret: str, till: Till, message_id: str, timestamp: int, path: str, body: bytes
) -> dict[str, str]:
    """The four headers of a till's signed POST to `path`."""
    return {
        "Galleria-Till": f"{till.program_id}/{till.shop_id}/{till.till_id}/{till.key_version}",
        "Galleria-Id": message_id,
        "Galleria-Timestamp": str(timestamp),
        "Galleria-Signature": sign_request(secret, message_id, timestamp, "POST", path, body),
    }


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers, as it arrived. `headers` have lower-case names."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


def verify_till(
    deployment_key: str, request: SignedRequest, now_seconds: int, skew_seconds_max: int
) -> Till:
    """The till that signed. Raises `SignatureMissing`, `SignatureInvalid` or `SignatureStale`.

    Whether the till exists, is active and its key not retired is the local directory's to say.
    """
    headers = request.headers
    try:
        named, message_id = headers[TILL_HEADER], headers[ID_HEADER]
        stamp, signature = headers[TIMESTAMP_HEADER], headers[SIGNATURE_HEADER]
    except KeyError as error:
        raise SignatureMissing(
            "A till's request needs Galleria-Till, -Id, -Timestamp and -Signature."
        ) from error
    match = _TILL.fullmatch(named)
    if match is None or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise SignatureInvalid("Galleria-Till or Galleria-Timestamp is malformed.")
    till = Till(UUID(match[1]), UUID(match[2]), match[3], int(match[4]))
    secret = derive_till_secret(
        deployment_key, till.program_id, till.shop_id, till.till_id, till.key_version
    )
    if not _fits(secret, request, message_id, stamp, signature):
        raise SignatureInvalid("The signature does not fit this request.")
    if abs(int(stamp) - now_seconds) > skew_seconds_max:
        raise SignatureStale(
            "The timestamp is too far from the server's time. Set the till's clock.",
            server_time=now_seconds,
        )
    return till


def _fits(secret: str, request: SignedRequest, message_id: str, stamp: str, signature: str) -> bool:
    try:
        expected = sign_request(
            secret, message_id, int(stamp), request.method, request.path, request.body
        )
        return hmac.compare_digest(expected.encode(), signature.encode())
    except UnicodeError:
        return False


class MemberCodeInvalid(Unauthenticated):
    """The code was not made by us for this programme, or is too old for this purchase."""


_CODE_BYTES = 16 + 4 + 12


def make_member_code(
    deployment_key: str, program_id: UUID, member_id: UUID, expires_at_seconds: int
) -> str:
    """What a member's phone shows as a QR code: 52 letters and digits, good until it expires."""
    body = member_id.bytes + expires_at_seconds.to_bytes(4, "big")
    code = base64.b32encode(body + _code_mac(deployment_key, program_id, body))
    return code.decode().rstrip("=")


def read_member_code(deployment_key: str, program_id: UUID, code: str, at_seconds: int) -> UUID:
    """The member that the code stood for at that instant. Raises `MemberCodeInvalid`."""
    try:
        raw = base64.b32decode(code + "=" * (-len(code) % 8))
    except ValueError as error:
        raise MemberCodeInvalid("The member code is malformed.") from error
    body, mac = raw[:20], raw[20:]
    if len(raw) != _CODE_BYTES or not hmac.compare_digest(
        mac, _code_mac(deployment_key, program_id, body)
    ):
        raise MemberCodeInvalid("The member code is not one of ours.")
    if at_seconds > int.from_bytes(body[16:], "big"):
        raise MemberCodeInvalid("The member code has expired. Have the member show a new one.")
    return UUID(bytes=body[:16])


def _code_mac(deployment_key: str, program_id: UUID, body: bytes) -> bytes:
    key = _code_key(deployment_key, program_id)
    return hmac.new(key, body, hashlib.sha256).digest()[:12]


@lru_cache(maxsize=1_000)
def _code_key(deployment_key: str, program_id: UUID) -> bytes:
    return derive_key(deployment_key, f"galleria member code 1|{program_id}")
