"""How much of a claw-back is taken, by the mode of the policy; the rest is forgiven and told."""

from datetime import datetime

from services.points.domain.ledger.ledger import Account
from services.points.domain.receipts.earning import Clawback


def most_to_claw(mode: Clawback, account: Account, points: int, now: datetime) -> int:
    """Of `points` to take back, what the mode lets be taken. Needs the account's lots.

    debt: all. clamp: down to a balance of zero, points held for others among them.
    within_balance: pending points and those that may be spent, never what is held.
    """
    match mode:
        case Clawback.DEBT:
            return points
        case Clawback.CLAMP:
            return min(points, max(0, account.balance))
        case Clawback.WITHIN_BALANCE:
            return min(points, account.pending + account.available(now))
