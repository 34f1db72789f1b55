"""Secrets of clients."""

from services.membership.domain.access.client_secrets import NOBODYS_HASH, hash_secret, secret_fits


def test_only_the_secret_fits_and_nothing_of_it_is_kept() -> None:
    kept = hash_secret("hunter2 é")
    assert kept.startswith("$argon2id$")
    assert "hunter2" not in kept
    assert secret_fits(kept, "hunter2 é")
    assert not secret_fits(kept, "hunter2")
    assert not secret_fits(kept, "\ud800")
    assert hash_secret("hunter2 é") != kept


def test_nothing_fits_nobody() -> None:
    assert not secret_fits(NOBODYS_HASH, "nobody")
