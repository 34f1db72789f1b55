"""Why a receipt, a claim or a policy is refused."""

from shared.errors import Conflict, Forbidden, NotFound, Rejected, Unauthenticated, Unavailable


class TillUnknown(Unavailable):
    """The signature is good, but this till is not in the local directory yet."""


class TillInactive(Forbidden):
    """The till was switched off."""


class TillKeyRetired(Unauthenticated):
    """The key version that signed is no longer, or not yet, in use."""


class WrongShop(Rejected):
    """A till speaks for its own shop only."""


class UnknownTill(Rejected):
    """The receipt names a till that the shop does not have."""


class ShopClosed(Rejected):
    """The shop left the mall."""


class CurrencyMismatch(Rejected):
    """The receipt's currency is not the mall's."""


class TotalMismatch(Rejected):
    """The total is not the sum of the lines."""


class TenderMismatch(Rejected):
    """The tenders do not add up to the total."""


class TaxExceedsLine(Rejected):
    """A line says more tax than its amount."""


class LineNumberRepeated(Rejected):
    """Two lines have the same number."""


class PurchasedInFuture(Rejected):
    """The purchase lies ahead of the server's time."""


class PurchasedTooLongAgo(Rejected):
    """The purchase is older than what is taken."""


class BusinessDateImplausible(Rejected):
    """The business date is far from the day of the purchase."""


class OriginalMissing(Rejected):
    """A refund must name the receipt that it undoes."""


class OriginalNotAllowed(Rejected):
    """A sale names no original receipt."""


class OriginalIsRefund(Rejected):
    """A refund cannot be refunded."""


class RefundLineUnknown(Rejected):
    """The refund names a line that the sale does not have."""


class RefundExceedsSale(Rejected):
    """More would be refunded than was sold."""


class ReceiptConflict(Conflict):
    """The same receipt was stored with other content. Both are kept for audit."""


class ReceiptUnknown(NotFound):
    """No such receipt, or what was given does not fit it."""


class TooManyWrongClaims(Rejected):
    """The member claimed too many receipts that did not fit; the facts say how many a day."""


class ReceiptAlreadyClaimed(Conflict):
    """The receipt belongs to another member."""


class ClaimTooLate(Rejected):
    """The receipt can no longer be claimed."""


class PaymentMismatchUnknown(NotFound):
    """No such receipt, or it agrees with what points paid of it."""


class PolicyTooFine(Rejected):
    """The policy's rates have no common fraction that is small enough to count in."""


class PolicyInPast(Rejected):
    """A policy cannot take effect before one that is already in force."""


class PolicyBegun(Conflict):
    """What is in force, or was, cannot be withdrawn."""


class PolicyVersionUnknown(NotFound):
    """No such version of the policy was stated."""


class ShopUnknown(Rejected):
    """No such shop in this programme."""


class MallUnknown(Rejected):
    """No shop of this programme is in such a mall."""


class QuoteOutdated(Unavailable):
    """The rules changed again and again while a quote was made."""
