"""Who a caller can be. Every endpoint names one of these types; a test walks the routes."""

from dataclasses import dataclass
from uuid import UUID

from shared.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Anyone:
    """Nobody in particular: health, metrics, documents."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member, through a front end."""

    program_id: UUID
    member_id: UUID


@dataclass(frozen=True, slots=True)
class Staff:
    """A person of the mall group, or a system acting with a staff client.

    `mall_ids` and `shop_ids` narrow what they may touch; None means the whole programme.
    """

    program_id: UUID
    subject: str
    roles: frozenset[str]
    mall_ids: frozenset[UUID] | None = None
    shop_ids: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """Another system: a trusted front end, a monitor."""

    program_id: UUID
    subject: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Till:
    """A till that signed this very request."""

    program_id: UUID
    shop_id: UUID
    till_id: str
    key_version: int


class RoleMissing(Forbidden):
    """The caller's roles do not include the one that this needs."""


class WrongPrincipal(Forbidden):
    """The token is good, but not of the kind that this endpoint serves."""


def require_role(who: Staff | Service, role: str) -> None:
    """Raise `RoleMissing` unless the caller has the role, or is an administrator."""
    if role not in who.roles and "admin" not in who.roles:
        raise RoleMissing(f"This needs the role {role!r}.", role=role)
