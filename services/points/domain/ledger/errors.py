"""Why points cannot be moved, corrected or shown."""

from shared.errors import Conflict, Forbidden, NotFound, Rejected


class InsufficientPoints(Rejected):
    """What may be spent now does not cover this; the facts say how much is missing."""


class AccountFrozen(Forbidden):
    """The account is frozen by a case: points come in and none go out until it is closed."""


class AccountMerged(Conflict):
    """The account was merged into another; the facts say into which."""


class MemberUnknown(NotFound):
    """No such member in this programme."""


class PostingUnknown(NotFound):
    """No such posting for this member."""


class LotUnknown(NotFound):
    """No such lot with points left."""


class IdempotencyKeyReused(Rejected):
    """The key was used with another body."""


class NothingToAdjust(Rejected):
    """An adjustment must move points."""


class AdjustmentUnknown(NotFound):
    """No such adjustment."""


class AdjustmentClosed(Conflict):
    """The adjustment was approved or rejected before."""


class CheckedByMaker(Forbidden):
    """Who asked for an adjustment cannot check it."""


class ReasonCodeUnknown(Rejected):
    """The programme's rules do not list this reason code."""


class ReasonCodeRepeated(Rejected):
    """A reason code stands twice in the list."""


class EvidenceMissing(Rejected):
    """This reason code needs evidence."""


class MoreThanOwed(Rejected):
    """Only what is owed can be written off; the facts say how much that is."""


class AsOfInFuture(Rejected):
    """What was so can be asked of the past only; today so far is `as_of` of today."""


class OutOfScope(Forbidden):
    """The caller's rights do not include this mall or shop."""
