"""Why something of the directory, or a till, is refused."""

from shared.errors import Forbidden, NotFound, Rejected, Unauthenticated


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


class ThingUnknown(NotFound):
    """The directory has nothing under this code."""


class TillUnknown(Unauthenticated):
    """The signature is good, but no such till is registered."""


class TillInactive(Forbidden):
    """The till is registered and switched off."""


class TillKeyRetired(Unauthenticated):
    """The till signs with a key version that is no longer good."""
