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

    @property
    def is_whole(self) -> bool:
        """No limit to some malls or shops."""
        return self.mall_ids is None and self.shop_ids is None

    def covers(self, mall_id: UUID | None, shop_id: UUID | None = None) -> bool:
        """Whether they may touch what is of this mall, or of this shop of it. What is of no mall
        is of the whole programme."""
        return self.is_whole or mall_id in (self.mall_ids or ()) or shop_id in (self.shop_ids or ())


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


class WholeProgrammeOnly(Forbidden):
    """This is about the whole programme; the caller's rights end at some malls or shops."""


class WrongPrincipal(Forbidden):
    """The token is good, but not of the kind that this endpoint serves."""


def require_role(who: Staff | Service, role: str) -> None:
    """Raise `RoleMissing` unless the caller has the role, or is an administrator."""
    if role not in who.roles and "admin" not in who.roles:
        raise RoleMissing(f"This needs the role {role!r}.", role=role)


def require_whole(who: Staff | Service, role: str) -> None:
    """Raise `RoleMissing`, or `WholeProgrammeOnly` when the caller's rights end at some malls or
    shops."""
    require_role(who, role)
    if isinstance(who, Staff) and not who.is_whole:
        raise WholeProgrammeOnly("This is about the whole programme; your rights are not.")
