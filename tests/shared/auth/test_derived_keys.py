"""Keys made from the deployment's key."""

from cryptography.hazmat.primitives import hashes, hmac

from shared.auth import derive_key


def test_a_derived_key_is_the_hkdf_of_rfc_5869() -> None:
    extract = hmac.HMAC(bytes(32), hashes.SHA256())
    extract.update(b"deployment key")
    expand = hmac.HMAC(extract.finalize(), hashes.SHA256())
    expand.update(b"what for" + b"\x01")
    assert derive_key("deployment key", "what for") == expand.finalize()
    assert derive_key("deployment key", "what else") != derive_key("deployment key", "what for")
