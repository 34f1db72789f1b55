"""Why tiers, or purchases that count for them, are refused."""

from shared.errors import Conflict, Rejected


class TierSchemeInvalid(Rejected):
    """Tiers need ranks 0, 1, 2, … with rising thresholds, and codes used once."""


class TierCodeRemoved(Rejected):
    """A tier that members may hold stays in the scheme; raise its threshold instead."""


class TierSchemeMissing(Conflict):
    """The programme has no tiers yet."""


class PurchaserUnknown(Rejected):
    """A receipt names a member that this programme never enrolled."""
