"""Why a desk refuses."""

from shared.errors import Conflict, Rejected


class ClaimNotServed(Rejected):
    """This campaign gives its rewards by itself: there is nothing to claim at a desk."""


class MemberCodeRefused(Rejected):
    """The member code is not one of ours or has expired."""


class GiftOfOtherMall(Conflict):
    """The gift comes from another mall's stock and is handed out there."""


class IdempotencyKeyReused(Rejected):
    """The Idempotency-Key was used for another request."""
