"""What points says: receipts as they were recorded, and every movement of the ledger."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event, Part
from shared.contracts.posting_kinds import COUNTER_ACCOUNTS, POSTING_KINDS, SOURCE_KINDS

POS_TRANSACTIONS = "pos.transactions"
LEDGER = "points.ledger"
REMINDERS = "points.reminders"
ORDERS = "points.orders"


class PosLine(Part):
    """One line. Money in minor units, after discount, never negative (a refund's line too).

    `base_micro` is what the line is worth in millionths of a point before the tier's multiplier
    and before rounding. A refund's line names the sold line it undoes.
    """

    line_number: int
    category: str
    brand: str | None = None
    quantity: int
    amount_minor: int
    discount_minor: int = 0
    base_micro: int = 0
    original_line_number: int | None = None


class _PosTransaction(Event):
    """A sale or a refund. `member_id` is None while the receipt is nobody's.

    `time_zone` is the mall's: local days and hours of rules are those of `purchased_at` in it.
    `points` is what this transaction posted (negative for a refund, 0 while nobody's).
    """

    TOPIC: ClassVar[str] = POS_TRANSACTIONS
    KEY: ClassVar[tuple[str, ...]] = ("member_id", "receipt_id")

    transaction_id: UUID
    receipt_id: UUID
    kind: Literal["sale", "refund"]
    mall_id: UUID
    shop_id: UUID
    till_id: str
    receipt_number: str
    business_date: date
    purchased_at: datetime
    recorded_at: datetime
    time_zone: str
    currency: str
    total_minor: int
    lines: tuple[PosLine, ...]
    member_id: UUID | None = None
    points: int = 0
    balance_after: int | None = None
    account_version: int | None = None


class PosTransactionRecorded(_PosTransaction):
    """A till's receipt is stored. A refund's `receipt_id` is its sale's `transaction_id`."""

    TYPE: ClassVar[str] = "pos_transaction.recorded.v1"


class PosTransactionAttributed(_PosTransaction):
    """A receipt that was nobody's, and was told as such, is now this member's."""

    TYPE: ClassVar[str] = "pos_transaction.attributed.v1"


class PointsPosted(Event):
    """One posting: `points` moved between a member's account and a system account.

    `version` counts an account's postings from 1 without gaps; `balance_after` may be negative
    (debt after a claw-back). The same (`account_id`, `version`) is always the same posting.
    """

    TYPE: ClassVar[str] = "points.posted.v1"
    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("account_id",)

    account_id: UUID
    member_id: UUID | None
    wallet: str
    version: int
    kind: str = Field(examples=list(POSTING_KINDS))
    counter_account: str = Field(examples=list(COUNTER_ACCOUNTS))
    points: int
    balance_after: int
    source_kind: str = Field(examples=list(SOURCE_KINDS))
    source_id: UUID
    purchased_at: datetime | None = None
    recorded_at: datetime
    expires_at: datetime | None = None
    mall_id: UUID | None = None
    shop_id: UUID | None = None
    campaign_id: UUID | None = None


class ExpiringOn(Part):
    """Points whose last day, in the mall, is `on`."""

    on: date
    points: int


class PointsExpiringSoon(Event):
    """What of an account ends in a month, told before the month begins, or in it when the points
    are younger: one digest an account and month, for ever. `month` is its first day."""

    TYPE: ClassVar[str] = "points.expiring_soon.v1"
    TOPIC: ClassVar[str] = REMINDERS
    KEY: ClassVar[tuple[str, ...]] = ("account_id",)

    account_id: UUID
    member_id: UUID
    wallet: str
    month: date
    points: int
    deadlines: tuple[ExpiringOn, ...]
    told_at: datetime


class _OrderPointsAnswered(Event):
    """What became of the points of a reward order. A repeated request is answered again."""

    TOPIC: ClassVar[str] = ORDERS
    KEY: ClassVar[tuple[str, ...]] = ("order_id",)

    order_id: UUID
    member_id: UUID
    points: int
    answered_at: datetime


class OrderPointsHeld(_OrderPointsAnswered):
    """The points are set aside."""

    TYPE: ClassVar[str] = "order.points_held.v1"


class OrderPointsCaptured(_OrderPointsAnswered):
    """The points are spent."""

    TYPE: ClassVar[str] = "order.points_captured.v1"


class OrderPointsCancelled(_OrderPointsAnswered):
    """The order holds nothing, has spent nothing, and never will."""

    TYPE: ClassVar[str] = "order.points_cancelled.v1"


class OrderPointsRefused(_OrderPointsAnswered):
    """The points are not there; the order gets none, also later. `why` is a problem code."""

    TYPE: ClassVar[str] = "order.points_refused.v1"

    why: str
    shortfall: int | None = None


class LotActivated(Part):
    """The lot that the posting `lot_version` made, and its points, which are good from now on."""

    lot_version: int
    points: int


class PointsActivated(Event):
    """Pending points of an account are good: by the clock, by an event (`event` names it), or by
    staff. The balance, which counted them, stays as it was."""

    TYPE: ClassVar[str] = "points.activated.v1"
    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("account_id",)

    account_id: UUID
    member_id: UUID | None
    wallet: str
    points: int
    lots: tuple[LotActivated, ...]
    cause: Literal["clock", "event", "staff"]
    event: str | None = None
    activated_at: datetime


class _Transfer(Event):
    """Points between two members; both may be told. One transfer's events come in order."""

    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("transfer_id",)

    transfer_id: UUID
    from_member_id: UUID
    to_member_id: UUID
    points: int


class TransferOffered(_Transfer):
    """They are set aside until the receiver decides, or `accept_until` passes. What the giver wrote
    is not told any more: both members read it at points."""

    TYPE: ClassVar[str] = "points.transfer_offered.v1"

    offered_at: datetime
    accept_until: datetime
    message: Literal[""] = ""


class TransferAccepted(_Transfer):
    """They are the receiver's."""

    TYPE: ClassVar[str] = "points.transfer_accepted.v1"

    closed_at: datetime


class TransferDeclined(_Transfer):
    """The receiver did not want them: they are free again."""

    TYPE: ClassVar[str] = "points.transfer_declined.v1"

    closed_at: datetime


class TransferCancelled(_Transfer):
    """The giver, or staff for them (`by_staff`), took the offer back: they are free again."""

    TYPE: ClassVar[str] = "points.transfer_cancelled.v1"

    by_staff: bool
    closed_at: datetime


class TransferExpired(_Transfer):
    """Nobody took them in time: they are free again."""

    TYPE: ClassVar[str] = "points.transfer_expired.v1"

    closed_at: datetime


class _PoolMoved(Event):
    """Points of a household's pool moved. `household` are all who are in it right then, `member_id`
    who moved them, or whose they are again. One pool's events come in order."""

    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("pool_id",)

    pool_id: UUID
    name: str
    owner_id: UUID
    household: tuple[UUID, ...]
    member_id: UUID
    points: int
    pool_balance: int
    moved_at: datetime


class PoolContributed(_PoolMoved):
    """The member put points in."""

    TYPE: ClassVar[str] = "points.pool_contributed.v1"


class PoolSpent(_PoolMoved):
    """The member spent points of the pool in a shop."""

    TYPE: ClassVar[str] = "points.pool_spent.v1"

    redemption_id: UUID
    shop_id: UUID
    mall_id: UUID
    reference: str


class PoolReturned(_PoolMoved):
    """The member left, was sent away or the pool is over: their unspent points, maybe none, are
    theirs again. `household` are those who were in it until then."""

    TYPE: ClassVar[str] = "points.pool_returned.v1"

    cause: Literal["left", "sent_away", "dissolved"]
