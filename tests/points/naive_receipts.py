"""What becomes of a receipt in the naive books: whose it is, who looks at it, what comes back.

It is `unsent`, then `posted`, nobody's (`anonymous`), looked at first (`in_review`) or `rejected`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.points.naive import Purse, Refused

UNSENT, POSTED, ANONYMOUS = "unsent", "posted", "anonymous"
IN_REVIEW, REJECTED = "in_review", "rejected"
CLAIM_DAYS = 60
AGAIN_DAYS = 3


@dataclass(eq=False)
class Sale:
    """A sale that was made up: for a `member`, or for nobody, by a `cashier` who is a member.

    `whose` it is since it came, `purse` the one that it was posted to. What was refunded before it
    was posted waits for that.
    """

    body: dict[str, Any]
    member: int | None
    cashier: int | None = None
    status: str = UNSENT
    whose: int | None = None
    points: int = 0
    purse: Purse | None = None
    transaction_id: str = ""
    refunded_minor: int = 0
    waiting_minor: list[int] = field(default_factory=list)
    clawed: int = 0
    is_claimed: bool = False

    @property
    def total_minor(self) -> int:
        """What was paid."""
        return int(self.body["total_minor"])

    @property
    def bought(self) -> datetime:
        """When."""
        return datetime.fromisoformat(self.body["purchased_at"])

    @property
    def name(self) -> str:
        """What its lot says of where it comes from: the same number may have several days."""
        return f"{self.body['receipt_number']} of {self.body['business_date']}"

    @property
    def left_minor(self) -> int:
        """What can still be refunded."""
        return self.total_minor - self.refunded_minor - sum(self.waiting_minor)

    def refund(self, amount_minor: int) -> int:
        """Take back the refund's share; returns how much that is."""
        assert self.purse is not None
        self.refunded_minor += amount_minor
        due = self.points * self.refunded_minor // self.total_minor - self.clawed
        self.purse.heir.take_back(due, self.name)
        self.clawed += due
        return due

    def is_sent_again(self, other: "Sale") -> bool:
        """The other one came, and is the same under a day nearby."""
        if other.status == UNSENT or other.total_minor != self.total_minor:
            return False
        number = "receipt_number"
        distance = date.fromisoformat(self.body["business_date"]) - date.fromisoformat(
            other.body["business_date"]
        )
        is_near = 0 < abs(distance.days) <= AGAIN_DAYS
        return self.body[number] == other.body[number] and is_near

    def check_claim(self, member: int, total_minor: int, now: datetime) -> bool:
        """May the member have it? Returns whether it is theirs already."""
        if self.status == UNSENT or total_minor != self.total_minor:
            raise Refused("receipt_unknown")
        if self.whose == member:
            return True
        if self.status == IN_REVIEW or (self.status == REJECTED and not self.is_claimed):
            raise Refused("receipt_in_review")
        if self.status == POSTED:
            raise Refused("receipt_already_claimed")
        if (now - self.bought).total_seconds() > CLAIM_DAYS * 86_400:
            raise Refused("claim_too_late")
        return False


def tier_of(timeline: list[tuple[datetime, str]], instant: datetime) -> str:
    """The tier that was held then."""
    return [tier for since, tier in timeline if since <= instant][-1]
