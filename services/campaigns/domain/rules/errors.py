"""Why a campaign or a gift is refused."""

from shared.errors import Conflict, NotFound, Rejected


class CampaignUnknown(NotFound):
    """No campaign of this programme has this id."""


class CampaignHasEnded(Conflict):
    """An ended campaign is history: it takes no draft and is not published again."""


class CampaignNotPublished(Conflict):
    """Only a campaign that was live can be ended."""


class KindIsFixed(Conflict):
    """Kind and family of a published campaign cannot change; make another campaign."""


class ScopeUnknown(Rejected):
    """The campaign names malls, shops, brands, categories or gifts that are not known here."""


class GiftUnknown(NotFound):
    """No gift of this programme has this number."""


class StockBelowGranted(Conflict):
    """More of the gift is granted already than the new stock would hold."""
