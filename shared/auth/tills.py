"""Tills sign each request (docs/tills.md); their secrets are derived, never stored or sent."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from shared.auth.derived_keys import derive_key
from shared.auth.principals import Till
from shared.errors import Unauthenticated

TILL_HEADER = "galleria-till"
ID_HEADER = "galleria-id"
TIMESTAMP_HEADER = "galleria-timestamp"
SIGNATURE_HEADER = "galleria-signature"

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TILL = re.compile(rf"({_UUID})/({_UUID})/([A-Za-z0-9_-]{{1,32}})/([1-9][0-9]{{0,5}})")


class SignatureMissing(Unauthenticated):
    """A till's request must carry the four Galleria headers."""


class SignatureInvalid(Unauthenticated):
    """The signature does not fit the request."""


class SignatureStale(Unauthenticated):
    """The till's clock is too far from ours; the answer names our time."""


@lru_cache(maxsize=50_000)
def derive_till_secret(
    deployment_key: str, program_id: UUID, shop_id: UUID, till_id: str, key_version: int
) -> str:
    """The secret of one version of one till's key, 64 hex digits (HKDF-SHA256, RFC 5869)."""
    info = f"galleria till 1|{program_id}|{shop_id}|{till_id}|{key_version}"
    return derive_key(deployment_key, info).hex()


def sign_request(
    secret: str, message_id: str, timestamp: int, method: str, path: str, body: bytes
) -> str:
    """The value of `Galleria-Signature`: `v1=` and 64 hex digits."""
    signed = f"{message_id}.{timestamp}.{method} {path}.".encode() + body
    return "v1=" + hmac.digest(secret.encode(), signed, "sha256").hex()


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
    till = _read_till(named)
    if till is None or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise SignatureInvalid("Galleria-Till or Galleria-Timestamp is malformed.")
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


@lru_cache(maxsize=50_000)
def _read_till(named: str) -> Till | None:
    """The till that the header names: each names itself the same with every request."""
    match = _TILL.fullmatch(named)
    if match is None:
        return None
    return Till(UUID(match[1]), UUID(match[2]), match[3], int(match[4]))


def _fits(secret: str, request: SignedRequest, message_id: str, stamp: str, signature: str) -> bool:
    try:
        expected = sign_request(
            secret, message_id, int(stamp), request.method, request.path, request.body
        )
        return hmac.compare_digest(expected.encode(), signature.encode())
    except UnicodeError:
        return False
