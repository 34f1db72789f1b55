"""Everything that membership refuses, by name. No message ever repeats personal data."""

from shared.errors import Conflict, Forbidden, NotFound, Rejected, Unauthenticated


class ProgramUnknown(NotFound):
    """No such programme."""


class ClientIdTaken(Conflict):
    """Another programme's client has this client id."""


class ClientUnknown(NotFound):
    """No client with this id."""


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


class OutOfScope(Forbidden):
    """The staff member's scope does not include this mall or shop."""


class MallUnknown(Rejected):
    """No mall of the programme has this code or id."""


class BrandUnknown(Rejected):
    """No brand of the programme has this code."""


class CategoryUnknown(Rejected):
    """No category of the programme has this code."""


class ShopUnknown(Rejected):
    """No shop of the programme has this code or id."""


class TimeZoneUnknown(Rejected):
    """Not an IANA time zone name."""


class CurrencyMismatch(Rejected):
    """The programme counts in another currency."""


class ThingUnknown(NotFound):
    """The directory has nothing under this code."""


class TillUnknown(Unauthenticated):
    """The signature is good, but no such till is registered."""


class TillInactive(Forbidden):
    """The till is registered and switched off."""


class TillKeyRetired(Unauthenticated):
    """The till signs with a key version that is no longer good."""


class TierSchemeInvalid(Rejected):
    """Tiers need ranks 0, 1, 2, … with rising thresholds, and codes used once."""


class TierCodeRemoved(Rejected):
    """A tier that members may hold stays in the scheme; raise its threshold instead."""


class TierSchemeMissing(Conflict):
    """The programme has no tiers yet."""


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


class PurchaserUnknown(Rejected):
    """A receipt names a member that this programme never enrolled."""


class EnrolledAtNotAllowed(Rejected):
    """Only imports say when a member joined."""


class EnrolledInFuture(Rejected):
    """Nobody joins in the future."""


class CursorInvalid(Rejected):
    """The cursor was not made by this list."""


class IdempotencyKeyReused(Rejected):
    """The same Idempotency-Key came with another body."""


class MemberCodeRefused(Rejected):
    """The code on the member's screen is not one of ours, or too old."""
