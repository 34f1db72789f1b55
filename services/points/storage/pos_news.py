"""A stored receipt as the event that tells of it."""

from typing import Any
from uuid import UUID

from services.points.domain.earning import Rating
from services.points.domain.pos_records import POSTED, Stored
from services.points.domain.receipts import Line
from services.points.domain.refunds import sold_line_number
from shared.contracts.points import PosLine, PosTransactionAttributed, PosTransactionRecorded


def recorded(program_id: UUID, stored: Stored, sale: Stored) -> PosTransactionRecorded:
    """The receipt is stored. `sale` is itself for a sale, the original for a refund."""
    return PosTransactionRecorded.model_construct(**_fields(program_id, stored, sale))


def attributed(program_id: UUID, stored: Stored, sale: Stored) -> PosTransactionAttributed:
    """The receipt was told as nobody's and is now a member's."""
    return PosTransactionAttributed.model_construct(**_fields(program_id, stored, sale))


def _fields(program_id: UUID, stored: Stored, sale: Stored) -> dict[str, Any]:
    is_posted = stored.status == POSTED
    return {
        "program_id": program_id,
        "transaction_id": stored.transaction_id,
        "receipt_id": stored.receipt_id,
        "kind": stored.kind,
        "mall_id": stored.mall_id,
        "shop_id": stored.shop_id,
        "till_id": stored.till_id,
        "receipt_number": stored.receipt_number,
        "business_date": stored.business_date,
        "purchased_at": stored.purchased_at,
        "recorded_at": stored.recorded_at,
        "time_zone": stored.time_zone,
        "currency": stored.currency,
        "total_minor": stored.total_minor,
        "lines": _lines(stored, sale),
        "member_id": stored.member_id if is_posted else None,
        "points": stored.points,
        "balance_after": stored.balance_after,
    }


def _lines(stored: Stored, sale: Stored) -> tuple[PosLine, ...]:
    assert sale.rating is not None
    rating = sale.rating
    if stored is sale:
        micro = [rating.base_micro(weight) for _, _, weight in rating.weights]
    else:
        micro = [_refunded_micro(rating, line) for line in stored.lines]
    return tuple(
        PosLine.model_construct(
            line_number=line.line_number,
            category=line.category,
            brand=line.brand,
            quantity=line.quantity,
            amount_minor=line.amount_minor,
            discount_minor=line.discount_minor,
            base_micro=base_micro,
            original_line_number=line.original_line_number,
        )
        for line, base_micro in zip(stored.lines, micro, strict=True)
    )


def _refunded_micro(rating: Rating, line: Line) -> int:
    """The sold line's worth, in the share that the refund's line undoes."""
    number = sold_line_number(line)
    for sold_number, amount_minor, weight in rating.weights:
        if sold_number == number and amount_minor:
            return rating.base_micro(weight) * line.amount_minor // amount_minor
    return 0
