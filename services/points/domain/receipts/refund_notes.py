"""What a till is told of a refund beside the points that it took back."""

from collections.abc import Sequence

from services.points.domain.receipts.pos_records import Stored
from services.points.domain.spending.redeeming import Spent, returned_for_refunds


def tell_returns(spent: Spent, sale: Stored, refunds: Sequence[Stored], done: int) -> None:
    """Note on each refund but the first `done` how many points come back for it to who paid with
    them, and the money that they stand for, in minor units. Call it before they come back.

    Both are differences of what came back so far: over all refunds they add up to what was paid.
    """
    so_far = spent.returned
    refunded_minor = sum(refund.total_minor for refund in refunds[:done])
    for refund in refunds[done:]:
        refunded_minor += refund.total_minor
        target = returned_for_refunds(spent, sale.total_minor, refunded_minor)
        if target <= so_far:
            continue
        note = {
            "code": "points_returned",
            "redemption_id": str(spent.redemption_id),
            "points": target - so_far,
            "amount_minor": spent.pays_after(so_far) - spent.pays_after(target),
        }
        refund.add_note(note)
        so_far = target
