"""A receipt that points shall pay a part of, before it is recorded."""

from typing import NamedTuple
from uuid import UUID

from services.points.domain.receipts.receipts import ReceiptKey, transaction_id_of


class Bill(NamedTuple):
    """What its till says of it."""

    receipt: ReceiptKey
    total_minor: int
    currency: str

    @property
    def said(self) -> tuple[object, ...]:
        """What tells it from another, for keys of requests."""
        return *self.receipt, self.total_minor, self.currency

    def transaction_id(self, program_id: UUID) -> UUID:
        """The receipt's id, which it will have when it is recorded."""
        return transaction_id_of(program_id, self.receipt)
