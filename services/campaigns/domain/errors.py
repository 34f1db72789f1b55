"""What campaigns refuses, each with a stable code."""

from shared.errors import Conflict, Forbidden, NotFound, Rejected, Unavailable


class CampaignUnknown(NotFound):
    """No campaign of this programme has this id."""


class GrantUnknown(NotFound):
    """No grant that this caller may see has this id."""


class GiftUnknown(NotFound):
    """No gift of this programme has this number."""


class MemberUnknown(NotFound):
    """No member that this caller may see has this id."""


class CampaignHasEnded(Conflict):
    """An ended campaign is history: it takes no draft and is not published again."""


class CampaignNotPublished(Conflict):
    """Only a campaign that was live can be ended."""


class KindIsFixed(Conflict):
    """Kind and family of a published campaign cannot change; make another campaign."""


class ScopeUnknown(Rejected):
    """The campaign names malls, shops, brands, categories or gifts that are not known here."""


class ClaimNotServed(Rejected):
    """This campaign gives its rewards by itself: there is nothing to claim at a desk."""


class MemberCodeRefused(Rejected):
    """The member code is not one of ours or has expired."""


class GrantNotIssuable(Conflict):
    """Only a gift that is granted and not yet handed out can be issued."""


class StockBelowGranted(Conflict):
    """More of the gift is granted already than the new stock would hold."""


class GiftOfOtherMall(Conflict):
    """The gift comes from another mall's stock and is handed out there."""


class ReceiptMoved(Unavailable):
    """A receipt changed hands while we looked. The same work succeeds in a moment."""


class IdempotencyKeyReused(Rejected):
    """The Idempotency-Key was used for another request."""


class MallOutOfScope(Forbidden):
    """The caller's malls do not include this one."""
