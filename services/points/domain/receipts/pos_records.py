"""What is stored of a POS transaction, as far as rules look at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from json import dumps, loads
from uuid import UUID

from services.points.domain.receipts.earning import Rating
from services.points.domain.receipts.points_payments import Mismatch, notes_with
from services.points.domain.receipts.receipts import Line

POSTED = "posted"
ANONYMOUS = "anonymous"
WAITING_MEMBER = "waiting_member"
WAITING_SALE = "waiting_sale"
AWAITED = "awaited"
REFUSED = "refused"
IN_REVIEW = "in_review"
REJECTED = "rejected"


@dataclass(slots=True)
class Stored:
    """A sale or refund as stored, or as decided in this batch.

    `points` and `balance_after` are what its own posting did; a sale's `earned` and `clawed` are
    what it is worth now and what its refunds took back. `mismatch`: where the sale and what points
    paid of it differ.
    """

    transaction_id: UUID
    kind: str
    status: str
    receipt_id: UUID
    fingerprint: bytes
    shop_id: UUID
    mall_id: UUID
    till_id: str
    receipt_number: str
    business_date: date
    purchased_at: datetime
    recorded_at: datetime
    currency: str
    time_zone: str
    total_minor: int
    member_id: UUID | None
    awaited_number: str | None
    lines: tuple[Line, ...]
    rating: Rating | None
    earned: int = 0
    clawed: int = 0
    points: int = 0
    balance_after: int | None = None
    trimmed: int = 0
    forgiven: int = 0
    notes: str | None = None
    cashier_id: str | None = None
    is_watched: bool = False
    mismatch: Mismatch | None = None

    @property
    def told_notes(self) -> str:
        """What the till is told of it, as JSON."""
        return notes_with(self.notes, self.mismatch, self.total_minor)

    def add_note(self, note: Mapping[str, object]) -> None:
        """Keep one more thing that the till is told of it."""
        self.notes = dumps([*loads(self.notes or "[]"), note])
