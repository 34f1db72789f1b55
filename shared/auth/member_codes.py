"""What a member's phone shows to a till."""

import base64
import hashlib
import hmac
from functools import lru_cache
from uuid import UUID

from shared.auth.derived_keys import derive_key
from shared.errors import Unauthenticated


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
