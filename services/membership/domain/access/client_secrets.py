"""Secrets of OAuth clients: only an argon2id hash is kept.

What is hashed is the SHA-256 of the secret, so that a process may remember which digests it found
good without ever keeping a secret.
"""

import hashlib
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

# The least that OWASP asks for. Our own secrets are 256 random bits; the hash is for chosen ones.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Somebody who asks with an unknown client id waits as long as somebody with a wrong secret.
NOBODYS_HASH = _HASHER.hash("nobody")


def hash_secret(secret: str) -> str:
    """An argon2id hash. Takes ~30 ms of CPU: call it off the loop."""
    return _HASHER.hash(_digest(secret))


def secret_fits(secret_hash: str, secret: str) -> bool:
    """Whether the secret is the one. Off the loop: ~30 ms, unless asked before."""
    return _digest_fits(secret_hash, _digest(secret))


@lru_cache(maxsize=4_096)
def _digest_fits(secret_hash: str, digest: str) -> bool:
    try:
        return _HASHER.verify(secret_hash, digest)
    except VerificationError:
        return False


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
