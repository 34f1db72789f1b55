"""Why a client or a token is refused."""

from shared.errors import Conflict, Forbidden, NotFound, Rejected, Unauthenticated


class ClientIdTaken(Conflict):
    """Another programme's client has this client id."""


class ClientUnknown(NotFound):
    """No client with this id."""


class RoleUnknown(Rejected):
    """A role that no route asks for; the facts say which there are."""


class ClientInvalid(Unauthenticated):
    """The client id or secret is wrong, or the client is disabled (RFC 6749 invalid_client)."""


class ClientNotAllowed(Rejected):
    """The client may not use this grant (RFC 6749 unauthorized_client)."""


class SubjectUnknown(Rejected):
    """The subject token is not a member of the client's programme (RFC 6749 invalid_grant)."""


class TooManyRevocations(Conflict):
    """Every process keeps what is revoked in memory; disable clients, or rotate the keys."""


class ScopeTooWide(Forbidden):
    """A scoped administrator may only give what lies in their own malls."""
