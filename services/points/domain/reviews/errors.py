"""Why a case refuses."""

from shared.errors import Conflict, NotFound


class ReceiptInReview(Conflict):
    """Somebody looks at the receipt before it earns, or has rejected it."""


class CaseUnknown(NotFound):
    """No such case of a receipt."""


class CaseClosed(Conflict):
    """The case was decided otherwise before."""


class StaffCardUnknown(NotFound):
    """No card is known of this cashier."""
