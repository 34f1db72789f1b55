"""Why a transfer, a pool, a freeze or a merge is refused."""

from shared.errors import Conflict, Forbidden, NotFound, Rejected


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


class TransferUnavailable(Conflict):
    """What was offered cannot be taken now. Why not is the giver's business."""


class FreezeUnknown(NotFound):
    """No such freeze of this member."""


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


class PoolFull(Conflict):
    """The pool has as many members and invitations as a pool may have."""


class PoolOwnerStays(Conflict):
    """Who opened a pool does not leave it: they dissolve it."""
