"""Access tokens signed with a key of the tests' own, and the verifier that knows it."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from shared.auth import AUDIENCE, TokenVerifier
from shared.clock import Clock

ISSUER = "galleria"
_KEY = ec.generate_private_key(ec.SECP256R1())
_KID = "test-key"


async def fetch_keys() -> Mapping[str, Any]:
    """The JWKS document of the tests' key."""
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(_KEY.public_key(), as_dict=True)
    return {"keys": [{**jwk, "kid": _KID, "alg": "ES256", "use": "sig"}]}


def make_verifier(clock: Clock) -> TokenVerifier:
    """Trusts the tests' key only."""
    return TokenVerifier(fetch_keys, ISSUER, clock)


def _token(clock: Clock, program_id: UUID, kind: str, subject: str, **claims: Any) -> str:
    now = int(clock().timestamp())
    body = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + 900,
        "prg": str(program_id),
        "knd": kind,
        **claims,
    }
    return jwt.encode(body, _KEY, algorithm="ES256", headers={"kid": _KID})


def staff_headers(
    clock: Clock,
    program_id: UUID,
    roles: Iterable[str] = ("admin",),
    *,
    subject: str = "staff-1",
    mall_ids: Iterable[UUID] | None = None,
    shop_ids: Iterable[UUID] | None = None,
) -> dict[str, str]:
    """The Authorization header of somebody on the staff."""
    malls = None if mall_ids is None else [str(m) for m in mall_ids]
    shops = None if shop_ids is None else [str(s) for s in shop_ids]
    token = _token(clock, program_id, "staff", subject, rol=list(roles), mal=malls, shp=shops)
    return {"Authorization": f"Bearer {token}"}


def service_headers(
    clock: Clock, program_id: UUID, roles: Iterable[str] = ("admin",), *, subject: str = "front"
) -> dict[str, str]:
    """The Authorization header of another system."""
    token = _token(clock, program_id, "service", subject, rol=list(roles))
    return {"Authorization": f"Bearer {token}"}


def member_headers(clock: Clock, program_id: UUID, member_id: UUID) -> dict[str, str]:
    """The Authorization header of a member."""
    token = _token(clock, program_id, "member", str(member_id))
    return {"Authorization": f"Bearer {token}"}
