"""Why an end of points cannot be changed."""

from shared.errors import NotFound, Rejected


class ExpiryInPast(Rejected):
    """Points cannot be made to end on a day that is over."""


class ShorteningNeedsCheck(Rejected):
    """More points would end earlier than one person may take without another; the facts say how
    many."""


class ExpiryTooFar(Rejected):
    """Points would end later than anything that is kept."""


class ExpiryChangeIncomplete(Rejected):
    """A campaign's change of expiry does not say until when, or how much longer."""


class NothingPending(NotFound):
    """No pending points of the member fit what was asked for."""
