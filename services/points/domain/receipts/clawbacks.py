"""How much of a claw-back is taken, by the mode of the policy; the rest is forgiven and told."""

from datetime import datetime

from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts.earning import Clawback


def most_to_claw(mode: Clawback, account: Account, points: int, now: datetime) -> int:
    """Of `points` to take back, what the mode lets be taken. Needs the account's lots.

    debt: all. clamp: down to a balance of zero. within_balance: pending points and those that may
    be spent. Neither of the two takes what is held: that is promised, and its capture would end in
    the debt that they rule out. So a capture before or after ends in the same books.
    """
    if mode is Clawback.DEBT:
        return points
    free = account.balance - account.held_at(now)
    if mode is Clawback.WITHIN_BALANCE:
        free = min(free, account.pending + account.available(now))
    return min(points, max(0, free))
