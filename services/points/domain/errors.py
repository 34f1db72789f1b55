"""Why points refuses."""

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


class InsufficientPoints(Rejected):
    """What may be spent now does not cover this; the facts say how much is missing."""


class AccountFrozen(Forbidden):
    """The account is frozen by a case: points come in and none go out until it is closed."""


class MemberUnknown(NotFound):
    """No such member in this programme."""


class PostingUnknown(NotFound):
    """No such posting for this member."""


class ReceiptUnknown(NotFound):
    """No such receipt, or what was given does not fit it."""


class ReceiptAlreadyClaimed(Conflict):
    """The receipt belongs to another member."""


class ClaimTooLate(Rejected):
    """The receipt can no longer be claimed."""


class IdempotencyKeyReused(Rejected):
    """The key was used with another body."""


class PolicyInPast(Rejected):
    """A policy cannot take effect before one that is already in force."""


class NothingToAdjust(Rejected):
    """An adjustment must move points."""


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


class WalletUnknown(NotFound):
    """No such wallet in this programme."""


class WalletIsBuiltIn(Rejected):
    """The points wallet is there by itself; earning policies say how it behaves."""


class WalletFull(Rejected):
    """The credit does not fit under the wallet's limit; the facts say how much would."""


class WalletNotRedeemable(Rejected):
    """This wallet's points cannot be spent."""


class WalletNotTransferable(Rejected):
    """This wallet's points stay with their member."""


class LiabilityDayUnknown(NotFound):
    """The day is not over, or has not been written down yet."""


class ClearingPriceMissing(Rejected):
    """Points were burned at a time without a price; set one that begins early enough."""


class ClearingPriceInPast(Rejected):
    """A price cannot begin before what has been netted."""


class ClearingPeriodNotOver(Rejected):
    """A period can be netted when it is over and settled, and after the one before it."""


class ClearingStatementUnknown(NotFound):
    """No such statement."""


class TooManyExports(Conflict):
    """So many files are being written that another must wait."""


class ExportUnknown(NotFound):
    """No such export, or its file was dropped."""


class ExportNotReady(Conflict):
    """The file is still being written; the facts say how far it is."""


class ImportUnknown(NotFound):
    """No such import."""


class ImportInWrongState(Conflict):
    """The import is past this step, or not there yet; the facts say where it is."""


class ImportPartMissing(Rejected):
    """Parts are numbered from 1 without gaps, and there is at least one."""


class ImportNotAgreed(Conflict):
    """What is committed is not what the dry run found; the facts say what that was."""


class TransferToSelf(Rejected):
    """Points cannot be given to oneself."""


class TransferReceiverUnknown(Rejected):
    """Nobody in this programme can receive points under this member id or number."""


class TransferCapReached(Rejected):
    """More than a member may give within a day; the facts say what is left."""


class TransferUnknown(NotFound):
    """No such transfer of this member."""


class TransferClosed(Conflict):
    """The transfer was accepted, declined, cancelled, or nobody took it in time."""


class AccountMerged(Conflict):
    """The account was merged into another; the facts say into which."""


class FreezeUnknown(NotFound):
    """No such freeze of this member."""


class LotUnknown(NotFound):
    """No such lot with points left."""


class MergeUnknown(NotFound):
    """No such merge."""


class MergeWithSelf(Rejected):
    """An account cannot be merged into itself."""


class MergeTooOld(Rejected):
    """The merge can no longer be undone."""


class MergeNotLatest(Conflict):
    """The surviving account was merged itself since: undo that first."""


class AccountHasHolds(Conflict):
    """Points are set aside for somebody: release them, or wait."""


class MemberInPool(Conflict):
    """The member is in a household pool: they must leave it first."""


class PoolUnknown(NotFound):
    """No such pool of this member."""


class PoolClosed(Conflict):
    """The pool was dissolved."""


class PoolCapReached(Rejected):
    """More than the member may spend from the pool in a month; the facts say what is left."""


class PoolOwnerOnly(Forbidden):
    """Only who opened the pool may do this."""


class ShopUnknown(Rejected):
    """No such shop in this programme."""


class AdjustmentUnknown(NotFound):
    """No such adjustment."""


class AdjustmentClosed(Conflict):
    """The adjustment was approved or rejected before."""


class CheckedByMaker(Forbidden):
    """Who asked for an adjustment cannot check it."""


class ReasonCodeUnknown(Rejected):
    """The programme's rules do not list this reason code."""


class EvidenceMissing(Rejected):
    """This reason code needs evidence."""


class MoreThanOwed(Rejected):
    """Only what is owed can be written off; the facts say how much that is."""


class ExpiryInPast(Rejected):
    """Points cannot be made to end on a day that is over."""


class ReasonCodeRepeated(Rejected):
    """A reason code stands twice in the list."""


class WholeProgrammeOnly(Forbidden):
    """This is about the whole programme; the caller's rights end at some malls or shops."""


class QuoteOutdated(Unavailable):
    """The rules changed again and again while a quote was made."""


class ExpiryChangeIncomplete(Rejected):
    """A campaign's change of expiry does not say until when, or how much longer."""


class NothingPending(NotFound):
    """No pending points of the member fit what was asked for."""


class PoolFull(Conflict):
    """The pool has as many members and invitations as a pool may have."""


class PoolOwnerStays(Conflict):
    """Who opened a pool does not leave it: they dissolve it."""


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


class ReceiptInReview(Conflict):
    """Somebody looks at the receipt before it earns, or has rejected it."""


class CaseUnknown(NotFound):
    """No such case of a receipt."""


class CaseClosed(Conflict):
    """The case was decided otherwise before."""


class StaffCardUnknown(NotFound):
    """No card is known of this cashier."""
