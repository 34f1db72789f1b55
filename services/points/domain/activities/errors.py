"""Why an activity brings nothing."""

from shared.errors import Conflict, Rejected


class ActivityNotRewarded(Rejected):
    """No rule in force when it happened gives points for this kind of activity."""


class ActivityLimitReached(Rejected):
    """It has earned as often as its rule lets it; the facts say what the limit is."""


class ActivityTooSoon(Rejected):
    """It earned a short while ago; the facts say when, and how long to wait."""


class ActivityConflict(Conflict):
    """The same activity was told before with other content. What was stored counts."""


class ActivityOutOfTime(Rejected):
    """It happened too long ago, or lies in the future."""


class ReferredMissing(Rejected):
    """A referral names whom the member brought; nothing else does."""


class ReferralOfSelf(Rejected):
    """Nobody can bring themselves."""


class ReferredUnknown(Rejected):
    """Whom the member brought is not a member of this programme."""


class AlreadyReferred(Conflict):
    """Somebody brought this member before: that counts once."""


class ActivityRuleInPast(Rejected):
    """A new version takes effect after the one before it."""
