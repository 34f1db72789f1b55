"""Why a member or an identity is refused. No message ever repeats personal data."""

from shared.errors import Conflict, NotFound, Rejected


class PhoneInvalid(Rejected):
    """Not a phone number of the programme's region, nor an international one."""


class IdentityInvalid(Rejected):
    """The value does not look like an identity of this type."""


class IdentityTaken(Conflict):
    """The identity belongs to another member."""


class IdentityUnknown(NotFound):
    """The member has no such identity."""


class PhoneNeeded(Conflict):
    """A member keeps one phone number; give a new one instead of taking it away."""


class MemberUnknown(NotFound):
    """No such member in this programme."""


class EnrolledAtNotAllowed(Rejected):
    """Only imports say when a member joined."""


class EnrolledInFuture(Rejected):
    """Nobody joins in the future."""


class MemberCodeRefused(Rejected):
    """The code on the member's screen is not one of ours, or too old."""
