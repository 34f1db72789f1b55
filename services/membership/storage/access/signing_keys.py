"""The keys that sign access tokens (ES256). Private halves are sealed at rest."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.members.sealing import NONCE_BYTES, seal, unseal
from shared.db import driver
from shared.ids import new_bytes, new_id

ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair in use."""

    kid: str
    private: ec.EllipticCurvePrivateKey

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact JWS."""
        return jwt.encode(claims, self.private, algorithm=ALGORITHM, headers={"kid": self.kid})


async def find_active_key(session: AsyncSession, sealing_key: bytes) -> SigningKey | None:
    """The key that signs now, if there is one yet."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT kid, private_sealed FROM signing_key WHERE algorithm = $1 AND retired_at IS NULL",
        ALGORITHM,
    )
    if row is None:
        return None
    der = unseal(sealing_key, row["private_sealed"], f"signing key {row['kid']}")
    private = load_der_private_key(der, password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return SigningKey(row["kid"], private)


async def insert_new_key(session: AsyncSession, sealing_key: bytes, now: datetime) -> None:
    """Make a key pair and store it, unless somebody else's is active by now."""
    private = ec.generate_private_key(ec.SECP256R1())
    kid = new_id().hex
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO signing_key (kid, algorithm, public_jwk, private_sealed, created_at, "
        "tokens_until) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
        kid,
        ALGORITHM,
        json.dumps({**jwk, "kid": kid, "alg": ALGORITHM, "use": "sig"}),
        seal(sealing_key, new_bytes(NONCE_BYTES), der, f"signing key {kid}"),
        now,
    )


async def get_active_key(session: AsyncSession, sealing_key: bytes, now: datetime) -> SigningKey:
    """The key that signs now, made on first use."""
    found = await find_active_key(session, sealing_key)
    if found is None:
        await insert_new_key(session, sealing_key, now)
        found = await find_active_key(session, sealing_key)
    assert found is not None
    return found


async def extend_key(session: AsyncSession, kid: str, tokens_until: datetime) -> None:
    """A token of this key lives until then: its public half must be published as long."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE signing_key SET tokens_until = greatest(tokens_until, $2) WHERE kid = $1",
        kid,
        tokens_until,
    )


async def retire_active_key(session: AsyncSession, now: datetime, tokens_until: datetime) -> None:
    """Sign no more with the active key; keep it published while its tokens live."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE signing_key SET retired_at = $2, tokens_until = greatest(tokens_until, $3) "
        "WHERE algorithm = $1 AND retired_at IS NULL",
        ALGORITHM,
        now,
        tokens_until,
    )
