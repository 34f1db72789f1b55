"""Raw bodies into receipts. A bad item of a batch never spoils its neighbours."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from services.points.api.receipts.pos_models import (
    NOT_MONEY,
    BasketIn,
    PosTransactionIn,
    PosTransactionOut,
)
from services.points.domain.receipts.receipts import Line, Receipt, ReceiptKey, transaction_id_of
from shared.auth import MemberCodeInvalid, read_member_code
from shared.errors import Rejected
from shared.http.problems import field_problems
from shared.ids import new_id, quick_uuid

_RECEIPT = TypeAdapter(PosTransactionIn)


class BatchTooLarge(Rejected):
    """More receipts than one request may carry."""


class BatchIn(BaseModel):
    """Up to 1,000 receipts of one shop."""

    model_config = ConfigDict(strict=True, extra="forbid")
    transactions: list[PosTransactionIn] = Field(min_length=1)


class _LooseBatch(BaseModel):
    """The envelope alone, for bodies in which some item is bad."""

    model_config = ConfigDict(strict=True, extra="forbid")
    transactions: list[Any] = Field(min_length=1)


_BATCH = TypeAdapter(BatchIn)
Sent = PosTransactionIn | BasketIn


@dataclass(frozen=True, slots=True)
class Reader:
    """What turning a body into receipts needs to know."""

    program_id: UUID
    deployment_key: str
    items_max: int


def read_one(reader: Reader, raw: bytes) -> Receipt:
    """The receipt in the body. Raises `ValidationError` or a refusal."""
    return _receipt(reader, _RECEIPT.validate_json(raw))


def read_batch(reader: Reader, raw: bytes) -> list[Receipt | PosTransactionOut]:
    """The batch's receipts, or for a bad item its refusal, in order.

    Raises `ValidationError` when the envelope is wrong, `BatchTooLarge` when there are too many.
    """
    try:
        items = _BATCH.validate_json(raw).transactions
    except ValidationError as error:
        if any(e["type"] == "json_invalid" for e in error.errors(include_input=False)):
            raise
        return _read_each(reader, raw)
    _check_count(reader, len(items))
    return [_receipt_or_refusal(reader, item) for item in items]


def _read_each(reader: Reader, raw: bytes) -> list[Receipt | PosTransactionOut]:
    envelope = _LooseBatch.model_validate(from_json(raw))
    _check_count(reader, len(envelope.transactions))
    found: list[Receipt | PosTransactionOut] = []
    for item in envelope.transactions:
        try:
            # NaN and Infinity are written as such and refused again, like everything else.
            sent = _RECEIPT.validate_json(to_json(item, inf_nan_mode="constants"))
        except ValidationError as error:
            found.append(_invalid(error))
        else:
            found.append(_receipt_or_refusal(reader, sent))
    return found


def _invalid(error: ValidationError) -> PosTransactionOut:
    return PosTransactionOut(
        result="rejected",
        code="validation_failed",
        detail="Some fields break the documented schema; see facts.",
        facts={"errors": field_problems(error.errors(include_input=False))},
    )


def _check_count(reader: Reader, count: int) -> None:
    if count > reader.items_max:
        raise BatchTooLarge(
            f"A batch has {reader.items_max} receipts at most.", items_max=reader.items_max
        )


def _receipt_or_refusal(reader: Reader, sent: PosTransactionIn) -> Receipt | PosTransactionOut:
    try:
        return _receipt(reader, sent)
    except (Rejected, MemberCodeInvalid) as error:
        return PosTransactionOut(result="rejected", code=error.code, detail=error.detail)


class MemberReferenceAmbiguous(Rejected):
    """The receipt names its member in more than one way."""


def read_basket(reader: Reader, basket: BasketIn, at: datetime) -> Receipt:
    """The basket as a receipt that nobody has printed: for quotes. Raises a refusal."""
    transaction_id = new_id()
    key = ReceiptKey(
        basket.shop_id,
        basket.till_id or "quote",
        basket.receipt_number or transaction_id.hex,
        basket.business_date or at.date(),
    )
    return Receipt(
        transaction_id,
        "sale",
        key,
        at,
        basket.currency,
        sum(line.amount_minor for line in basket.lines),
        _tendered(basket),
        _lines(basket),
        _member_id(reader, basket, at),
        basket.member_number,
        None,
        None,
        "{}",
        b"",
        _not_money(basket),
        basket.cashier_id,
    )


def _receipt(reader: Reader, sent: PosTransactionIn) -> Receipt:
    content = sent.model_dump_json(exclude_none=True)
    member_id = _member_id(reader, sent, sent.purchased_at)
    key = ReceiptKey(sent.shop_id, sent.till_id, sent.receipt_number, sent.business_date)
    original = None
    if sent.original is not None:
        o = sent.original
        original = ReceiptKey(sent.shop_id, o.till_id, o.receipt_number, o.business_date)
    return Receipt(
        quick_uuid(transaction_id_of(reader.program_id, key)),
        sent.kind,
        key,
        sent.purchased_at,
        sent.currency,
        sent.total_minor,
        _tendered(sent),
        _lines(sent),
        member_id,
        sent.member_number,
        original,
        quick_uuid(transaction_id_of(reader.program_id, original)) if original else None,
        content,
        blake2b(content.encode(), digest_size=16).digest(),
        _not_money(sent),
        sent.cashier_id,
    )


def _lines(sent: Sent) -> tuple[Line, ...]:
    return tuple(
        Line(
            line.line_number,
            line.category,
            line.brand,
            line.quantity,
            line.amount_minor,
            line.discount_minor,
            line.original_line_number,
            line.sku,
            line.tax_minor or 0,
            line.is_delivery or False,
        )
        for line in sent.lines
    )


def _tendered(sent: Sent) -> int | None:
    return sum(t.amount_minor for t in sent.tenders) if sent.tenders else None


def _not_money(sent: Sent) -> tuple[tuple[str, int], ...]:
    return tuple((t.kind, t.amount_minor) for t in sent.tenders if t.kind in NOT_MONEY)


def _member_id(reader: Reader, sent: Sent, at: datetime) -> UUID | None:
    """The member that the reference names, unless it is a number, which the database knows."""
    if sent.member_code is not None or sent.member_number is not None:
        _check_reference(sent)
        if sent.member_code is not None:
            seconds = int(at.timestamp())
            return read_member_code(
                reader.deployment_key, reader.program_id, sent.member_code, seconds
            )
    return quick_uuid(sent.member_id) if sent.member_id is not None else None


def _check_reference(sent: Sent) -> None:
    named = [sent.member_id, sent.member_number, sent.member_code]
    if sum(value is not None for value in named) > 1:
        raise MemberReferenceAmbiguous("Name the member in one way only.")
