"""Personal data at rest: each field sealed with the member's own key, found by a blind index.

The member's key is itself sealed with a key of the programme. Forgetting it (one row, one column)
makes every copy of the member's data unreadable, in backups too.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import Invariant

KEY_BYTES = 32
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class ProgramKeys:
    """Two keys that only holders of the deployment key can make, for one programme."""

    wrapping: bytes
    index: bytes

    def __repr__(self) -> str:
        return "ProgramKeys(…)"


def seal(key: bytes, nonce: bytes, text: bytes, place: str) -> bytes:
    """AES-256-GCM: nonce, then ciphertext. `place` must be the same when it is opened."""
    return nonce + AESGCM(key).encrypt(nonce, text, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """What was sealed. A wrong key or place is a programmer's error."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except InvalidTag as error:
        raise Invariant(f"{place} was not sealed with this key") from error


def blind_index(index_key: bytes, kind: str, value: str) -> bytes:
    """Equal for equal values, and of no use to those who lack the key (HMAC-SHA256)."""
    return hmac.new(index_key, f"{kind}|{value}".encode(), hashlib.sha256).digest()
