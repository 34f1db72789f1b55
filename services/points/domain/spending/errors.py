"""Why a hold or a redemption is refused."""

from shared.errors import Conflict, NotFound, Rejected


class HoldUnknown(NotFound):
    """No such hold of this shop."""


class HoldClosed(Conflict):
    """The hold was captured, released or cancelled before."""


class HoldExpired(Conflict):
    """The hold has run out."""


class HoldTooSmall(Rejected):
    """More is asked for than the hold has left."""


class RedemptionNotOffered(Rejected):
    """Points do not pay here: no policy is in force, or it leaves this shop out."""


class RedemptionBelowMinimum(Rejected):
    """Fewer points than the policy takes at once."""


class RedemptionNotInSteps(Rejected):
    """Points pay in whole steps only."""


class RedemptionAboveShare(Rejected):
    """Points may pay a share of a receipt only."""


class RedemptionUnknown(NotFound):
    """No such redemption of this shop."""


class ReversalExceedsRedemption(Rejected):
    """More would come back than was spent and not yet given back."""


class ReceiptAlreadyRecorded(Conflict):
    """Points pay before the receipt is recorded, not afterwards."""
