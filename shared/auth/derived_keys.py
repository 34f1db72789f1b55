"""Keys that need no store: made again from the deployment's one key."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive_key(deployment_key: str, info: str) -> bytes:
    """32 bytes that only holders of the deployment key can make, one for each `info`."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info.encode()).derive(
        deployment_key.encode()
    )
