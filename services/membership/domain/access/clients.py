"""OAuth clients and the claims of the tokens that they get."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

AUDIENCE = "galleria"
FRONT_END = "front_end"


@dataclass(frozen=True, slots=True)
class Client:
    """A staff or service client. None for malls or shops means all of the programme's."""

    program_id: UUID
    client_id: str
    kind: Literal["staff", "service"]
    name: str
    roles: tuple[str, ...]
    mall_ids: tuple[UUID, ...] | None
    shop_ids: tuple[UUID, ...] | None
    created_at: datetime
    disabled_at: datetime | None


def token_claims(
    issuer: str, now: datetime, lifetime_seconds: int, token_id: UUID, who: Mapping[str, Any]
) -> dict[str, Any]:
    """The registered claims (RFC 7519) and those that say who it is."""
    issued_at = int(now.timestamp())
    return {
        "iss": issuer,
        "aud": AUDIENCE,
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds,
        "jti": str(token_id),
        **who,
    }


def client_claims(client: Client) -> dict[str, Any]:
    """A client speaks for itself. An absent scope means the whole programme."""
    claims: dict[str, Any] = {
        "sub": client.client_id,
        "prg": str(client.program_id),
        "knd": client.kind,
        "rol": list(client.roles),
    }
    if client.mall_ids is not None:
        claims["mal"] = [str(mall_id) for mall_id in client.mall_ids]
    if client.shop_ids is not None:
        claims["shp"] = [str(shop_id) for shop_id in client.shop_ids]
    return claims


def member_claims(program_id: UUID, member_id: UUID, client_id: str) -> dict[str, Any]:
    """A member, as the front end `client_id` vouches for; with it the token can be revoked."""
    return {"sub": str(member_id), "prg": str(program_id), "knd": "member", "azp": client_id}
